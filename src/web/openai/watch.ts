import type { EventId, TurnId } from '#core/ids.ts';
import type { StoredEvent } from '#core/event.ts';
import type { Submitted } from '#core/ports/door.ts';
import type { LiveEvent } from '#core/ports/live.ts';
import type { Step } from '#core/step.ts';
import type { CommitNote } from '#core/store/store.ts';
import type { WebDeps } from '../deps.ts';
import { type Answer, answerOfNotice, answerOfTurn } from './answer.ts';

/** Commits tell what to look at; this is the net under them. */
const lookAgainMs = 5_000;
const approvalLimit = 50;

export type Progress = LiveEvent | { readonly type: 'reply'; readonly text: string };

export interface AnswerWatch {
  /** Resolves with how the stored message ended. `onProgress` hears what its turn writes meanwhile, in order. */
  follow(
    stored: Extract<Submitted, { ok: true }>,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Answer>;
  /** Stops listening. The turn goes on: who leaves does not cancel it. */
  close(): void;
}

export type WatchDeps = Pick<
  WebDeps,
  'events' | 'steps' | 'turns' | 'approvals' | 'onCommit' | 'live' | 'clock'
>;

/** Listens from now on: made before the message is stored, so that nothing of its turn is missed. */
export function watchAnswer(deps: WatchDeps): AnswerWatch {
  let backlog: (CommitNote | LiveEvent)[] = [];
  let receive = (signal: CommitNote | LiveEvent): void => {
    backlog.push(signal);
  };
  const unsubscribe = [
    deps.onCommit((note) => receive(note)),
    deps.live.subscribe((event) => receive(event)),
  ];
  return { follow, close };

  async function follow(
    stored: Extract<Submitted, { ok: true }>,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    const ear = createEar(stored, onProgress);
    receive = ear.hear;
    for (const missed of backlog) ear.hear(missed);
    backlog = [];
    // A repeated request may have ended long ago; a new one is heard of before it ends.
    let mayHaveEnded = stored.duplicate;
    while (!signal.aborted) {
      const answer = ear.answer() ?? (mayHaveEnded ? await lookUp(deps, stored.event) : null);
      if (answer !== null) return answer;
      await ear.news(deps.clock, signal);
      mayHaveEnded = true;
    }
    return {
      type: 'stopping',
      reason: 'Tiro is stopping. Your message is stored: ask again with the same Idempotency-Key.',
    };
  }

  function close(): void {
    for (const off of unsubscribe) off();
    receive = () => undefined;
  }
}

interface Ear {
  readonly hear: (signal: CommitNote | LiveEvent) => void;
  /** The answer of a turn that was heard from its first step to its good or bad end; else null: the rows are asked. */
  answer(): Answer | null;
  /** Resolves when something was heard that may have ended the message, after `lookAgainMs`, or on abort. */
  news(clock: WatchDeps['clock'], signal: AbortSignal): Promise<void>;
}

function createEar(stored: Extract<Submitted, { ok: true }>, onProgress: (progress: Progress) => void): Ear {
  let turn: TurnId | null = null;
  let steps: Step[] = [];
  /** Live text of the conversation from before it is known which turn is ours. */
  let early: LiveEvent[] = [];
  let fresh = new AbortController();
  return { hear, answer, news };

  function hear(signal: CommitNote | LiveEvent): void {
    if ('type' in signal) hearLive(signal);
    else hearNote(signal);
  }

  function hearLive(event: LiveEvent): void {
    if (event.turn === turn) onProgress(event);
    else if (turn === null && event.conversation === stored.conversation) early.push(event);
  }

  function hearNote(note: CommitNote): void {
    for (const step of note.steps) hearStep(step);
    // Withdrawn by /stop, given up, redriven: no step of ours tells, the conversation's turn does.
    if (
      note.turns.some((other) => other.conversation === stored.conversation && other.status !== 'running')
    ) {
      fresh.abort('heard');
    }
  }

  function hearStep(step: Step): void {
    const { turn: turnOfStep, body } = step;
    if (body.kind === 'input' && body.event === stored.event && turnOfStep !== null) {
      turn = turnOfStep;
      // A request is never answered together with another one: its input is the first step of its turn.
      steps = [step];
      const heard = early;
      early = [];
      for (const event of heard) hearLive(event);
      return;
    }
    // Outside turns Tiro answers commands; whose it was, the event tells.
    if (turnOfStep === null && body.kind === 'notice') fresh.abort('heard');
    if (turnOfStep === null || turnOfStep !== turn) return;
    steps.push(step);
    if (body.kind === 'reply') onProgress({ type: 'reply', text: body.text });
    if (body.kind === 'end') fresh.abort('heard');
  }

  function answer(): Answer | null {
    const end = steps.at(-1)?.body;
    // Parked, cancelled and given up: other rows have a say in what is answered.
    const isWhole = end?.kind === 'end' && (end.status === 'done' || end.status === 'failed');
    return isWhole ? answerOfTurn(steps, []) : null;
  }

  async function news(clock: WatchDeps['clock'], signal: AbortSignal): Promise<void> {
    await clock.sleep(lookAgainMs, AbortSignal.any([signal, fresh.signal]));
    fresh = new AbortController();
  }
}

async function lookUp(deps: WatchDeps, id: EventId): Promise<Answer | null> {
  const event = await deps.events.get(id);
  if (event === null) throw new Error(`The stored event ${id} is gone.`);
  if (event.lane === 'command' && event.status === 'done') return commandAnswer(deps, event);
  // Queued again by a redrive, its last turn is no longer what it waits for.
  if (event.turn !== null && event.status !== 'queued') return turnAnswer(deps, event.turn);
  return eventAnswer(event);
}

async function turnAnswer(deps: WatchDeps, id: TurnId): Promise<Answer | null> {
  const steps = await deps.steps.ofTurn(id);
  if (!steps.some((step) => step.body.kind === 'end' && step.body.status === 'parked')) {
    return answerOfTurn(steps, []);
  }
  const turn = await deps.turns.get(id);
  const approvals = await deps.approvals.list({
    status: null,
    chat: turn?.chat ?? null,
    limit: approvalLimit,
  });
  return answerOfTurn(
    steps,
    approvals.filter((approval) => approval.turn === id),
  );
}

/** The notice that came first after the command: one conversation answers its commands in order. */
async function commandAnswer(deps: WatchDeps, event: StoredEvent): Promise<Answer> {
  const steps = event.conversation === null ? [] : await deps.steps.ofConversation(event.conversation);
  for (const { turn, at, body } of steps) {
    if (turn === null && body.kind === 'notice' && at >= event.receivedAt) return answerOfNotice(body.text);
  }
  return answerOfNotice('Done.');
}

/** What an event without a turn can tell by itself. */
function eventAnswer(event: StoredEvent): Answer | null {
  switch (event.status) {
    case 'queued':
    case 'running':
      return null;
    case 'done':
      return answerOfNotice('This message was too old and was left unanswered.');
    case 'withdrawn':
      return answerOfNotice('Stopped before it was answered.');
    case 'stale':
      return answerOfNotice('This message is old: Tiro has asked in its chat whether it still matters.');
    case 'refused':
      return { type: 'refused', reason: event.reason ?? 'This message was refused.' };
    case 'dead':
      return { type: 'failed', reason: event.reason ?? 'This message was given up. See `tiro turns`.' };
  }
}
