import type { StepBody } from '#core/step.ts';
import type { FeedEvent } from '../gateway/feed.ts';

/** How a message ended. `command`: a chat command was answered, no turn ran. */
export interface Outcome {
  readonly conversation: string;
  readonly event: string | null;
  readonly turn: string | null;
  readonly status: 'done' | 'parked' | 'failed' | 'cancelled' | 'dead' | 'command';
  /** The answer as Markdown; where there is none, what Tiro said about it. */
  readonly text: string;
  readonly reason: string | null;
}

/** What is said about one conversation; opening and losing the feed is not. */
export type ToldEvent = Exclude<FeedEvent, { type: 'open' | 'lost' }>;

/** What a talk waits for, and what it has learned of it. */
export interface Awaited {
  conversation: string | null;
  event: string | null;
  turn: string | null;
  readonly isCommand: boolean;
  /** Events that came while the message was still being handed in; null once it is. */
  held: FeedEvent[] | null;
  answer: string;
  readonly notices: string[];
  readonly begins: (body: StepBody) => boolean;
  readonly settle: PromiseWithResolvers<Outcome>;
  /** Aborted once it has ended, either way. */
  readonly over: AbortController;
}

export function createAwaited(how: Pick<Awaited, 'isCommand' | 'begins'>): Awaited {
  return {
    ...how,
    conversation: null,
    event: null,
    turn: null,
    held: [],
    answer: '',
    notices: [],
    settle: Promise.withResolvers<Outcome>(),
    over: new AbortController(),
  };
}

/** Is the event about what is awaited? Learns the turn from the step that begins it. */
export function belongs(event: ToldEvent, awaited: Awaited): boolean {
  if (event.type !== 'step') return event.turn === awaited.turn;
  if (awaited.turn === null && awaited.begins(event.body)) awaited.turn = event.turn;
  if (event.body.kind === 'notice') return event.turn === null || event.turn === awaited.turn;
  return awaited.turn !== null && event.turn === awaited.turn;
}

/** Takes in a step that belongs; the step that ends it settles. */
export function advance(awaited: Awaited, body: StepBody): void {
  if (body.kind === 'reply' && body.text !== '') awaited.answer = body.text;
  if (body.kind === 'notice') awaited.notices.push(body.text);
  if (body.kind === 'notice' && awaited.isCommand && awaited.turn === null) finish(awaited, 'command', null);
  if (body.kind === 'end') finish(awaited, body.status, body.reason);
}

export function finish(awaited: Awaited, status: Outcome['status'], reason: string | null): void {
  const { conversation, event, turn, answer, notices, settle } = awaited;
  const text = answer === '' || status === 'command' ? notices.join('\n\n') : answer;
  settle.resolve({ conversation: conversation ?? '', event, turn, status, text, reason });
}
