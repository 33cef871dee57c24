import { messageOf } from '#core/errors.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { LiveEvent, LivePort } from '#core/ports/live.ts';
import type { Step } from '#core/step.ts';
import type { CommitNote, StorePort } from '#core/store/store.ts';
import type { StepsPort } from '#core/store/turns.ts';
import { type Outlet, type OutletLimits, createOutlet } from './outlet.ts';
import { liveToSse, stepToSse } from './sse.ts';

const heartbeatMs = 15_000;
const pageSize = 200;
const defaultLimits: OutletLimits = { maxBytes: 1024 * 1024, maxEvents: 1_000 };

export interface FeedQuery {
  /** Null: all conversations. */
  readonly conversation: ConversationId | null;
  /** The last step the reader has; null starts from now. */
  readonly after: number | null;
  /** Adds each step's `html` for the page. */
  readonly html: boolean;
}

export interface Feed {
  open(query: FeedQuery): ReadableStream<Uint8Array>;
  /** Ends all streams; they resume at the next gateway by their ids. */
  close(): void;
}

export interface FeedDeps {
  readonly steps: Pick<StepsPort, 'since' | 'lastSeq'>;
  readonly onCommit: StorePort['onCommit'];
  readonly live: Pick<LivePort, 'subscribe' | 'partial'>;
  /** The turns that run now, of one conversation or all: their partial text opens the stream. */
  readonly runningTurns: (
    conversation: ConversationId | null,
  ) => Promise<readonly { readonly id: TurnId; readonly conversation: ConversationId }[]>;
  readonly stepToHtml: (step: Step) => string;
  readonly clock: ClockPort;
  readonly log: LogPort;
}

/**
 * steps in the store → (replay after the reader's last one) → commits as they happen, without gap or double.
 *
 * The order that makes it so: subscribe, then read pages until a page ends at or behind the newest step a commit told
 * of, then switch in the same synchronous moment. Until then commits are only noted by number, so nothing piles up.
 */
export function createFeed(deps: FeedDeps, limits: OutletLimits = defaultLimits): Feed {
  const outlets = new Set<Outlet>();
  return {
    open: (query) => {
      const outlet = createOutlet(limits);
      outlets.add(outlet);
      outlet.ended.addEventListener('abort', () => outlets.delete(outlet), { once: true });
      follow(deps, query, outlet);
      return outlet.stream;
    },
    close: () => {
      for (const outlet of outlets) outlet.end();
    },
  };
}

function follow(deps: FeedDeps, query: FeedQuery, outlet: Outlet): void {
  const matches = (at: { conversation: ConversationId }): boolean =>
    query.conversation === null || at.conversation === query.conversation;
  const writer = createWriter(deps, query, outlet);
  /** Until the switch: the newest step that a commit told of. */
  let newest = 0;
  let isLive = false;

  const unsubscribe = [deps.onCommit(onCommit), deps.live.subscribe(onLive)];
  let stopHeartbeat = deps.clock.after(heartbeatMs, beat);
  outlet.ended.addEventListener('abort', () => {
    for (const off of unsubscribe) off();
    stopHeartbeat();
  });
  replay().catch((error: unknown) => {
    deps.log.error('feed.failed', { error: messageOf(error) });
    outlet.end();
  });

  async function replay(): Promise<void> {
    const last = await deps.steps.lastSeq();
    // A number from the future belongs to another database: start from now rather than wait for it.
    writer.begin(Math.min(query.after ?? last, last));
    for (const turn of await deps.runningTurns(query.conversation)) writer.expect(turn.id, turn.conversation);
    const { conversation } = query;
    while (!outlet.ended.aborted) {
      const page = await deps.steps.since({ seq: writer.sent(), conversation, limit: pageSize });
      for (const step of page) {
        writer.step(step);
        await outlet.drained();
      }
      if (page.length < pageSize && writer.sent() >= newest) break;
    }
    isLive = true;
    writer.partials();
  }

  function onCommit(note: CommitNote): void {
    for (const step of note.steps) {
      if (!matches(step)) continue;
      if (isLive) writer.step(step);
      else newest = Math.max(newest, step.seq);
    }
  }

  function onLive(event: LiveEvent): void {
    if (!matches(event)) return;
    if (isLive) outlet.push(liveToSse(event));
    else writer.expect(event.turn, event.conversation); // its text so far is read at the switch
  }

  function beat(): void {
    outlet.push(': alive\n\n');
    stopHeartbeat = deps.clock.after(heartbeatMs, beat);
  }
}

interface Writer {
  begin(after: number): void;
  /** Sends a step unless it was sent. */
  step(step: Step): void;
  /** The turn may have text that is not a row yet. */
  expect(turn: TurnId, conversation: ConversationId): void;
  /** Sends what the expected turns have written so far. */
  partials(): void;
  sent(): number;
}

function createWriter(deps: FeedDeps, query: FeedQuery, outlet: Outlet): Writer {
  const expected = new Map<TurnId, ConversationId>();
  const lastReply = new Map<TurnId, string>();
  let sent = 0;
  return { begin, step, expect: (turn, at) => expected.set(turn, at), partials, sent: () => sent };

  function begin(after: number): void {
    sent = after;
    // The id alone makes no event, but a reader that is cut off before the first step resumes from here.
    outlet.push(`retry: 1000\nid: ${sent}\n\n`);
  }

  function step(next: Step): void {
    if (next.seq <= sent) return;
    sent = next.seq;
    if (next.turn !== null && expected.has(next.turn) && next.body.kind === 'reply') {
      lastReply.set(next.turn, next.body.text);
    }
    outlet.push(stepToSse(next, query.html ? deps.stepToHtml(next) : null));
  }

  function partials(): void {
    for (const [turn, conversation] of expected) {
      const text = deps.live.partial(turn);
      // A reply that is committed but not yet cleared was just sent whole.
      if (text === '' || text === lastReply.get(turn)) continue;
      outlet.push(liveToSse({ type: 'delta', conversation, turn, text }));
    }
    expected.clear();
    lastReply.clear();
  }
}
