import type { ChatKey } from '#core/address.ts';
import type { TurnId } from '#core/ids.ts';
import type { StaleQuestion } from '#core/store/events.ts';
import type { ConversationDeps, ConversationOptions, Notices } from './deps.ts';

export interface Waiting {
  /** Tells who waits for a while: behind a running turn, for a free place, or for their own limit. Once per wait. */
  tell(): Promise<void>;
  /** Asks a chat whether its old messages still matter. */
  ask(question: StaleQuestion): Promise<void>;
  /** Puts the questions that the disk refused. After a crash the store hands them out again. */
  askAgain(): Promise<void>;
}

/** How often the waiting ones are looked for: every look of the loop, which is at least as far apart. */
const lookEveryMs = 400;
const minuteMs = 60_000;

export interface WaitingDeps {
  readonly events: ConversationDeps['events'];
  readonly clock: Pick<ConversationDeps['clock'], 'now' | 'elapsed'>;
  readonly notices: Pick<Notices, 'queued' | 'waitsForPlace' | 'stale'>;
}

/** Whoever has to wait hears of it: behind a running turn, or with messages from before a downtime. */
export function createWaiting(
  deps: WaitingDeps,
  options: Pick<ConversationOptions, 'queuedNoticeMs' | 'maxPlaceNotices'>,
): Waiting {
  // Only saves asking the store again: a notice has a key, so that it is said once.
  let told = new Set<TurnId>();
  const places = createPlaces(deps, options);
  // The newest question of a chat covers the ones before it.
  const unasked = new Map<ChatKey, StaleQuestion>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return { tell, ask, askAgain };

  async function tell(): Promise<void> {
    const now = deps.clock.elapsed();
    if (now - lookedAt < lookEveryMs) return;
    lookedAt = now;
    const before = deps.clock.now() - options.queuedNoticeMs;
    const all = await deps.events.waiting(before);
    told = new Set(all.map((waiting) => waiting.runningTurn).filter((turn) => told.has(turn)));
    for (const waiting of all) {
      if (told.has(waiting.runningTurn)) continue;
      await deps.notices.queued(waiting);
      told.add(waiting.runningTurn);
    }
    await places.tell(before);
  }

  async function ask(question: StaleQuestion): Promise<void> {
    unasked.set(question.chat, question);
    await deps.notices.stale(question);
    if (unasked.get(question.chat) === question) unasked.delete(question.chat);
  }

  async function askAgain(): Promise<void> {
    for (const question of unasked.values()) await ask(question);
  }
}

/** Those that nothing runs for yet. A wait has the number of its oldest message; so many are told in a minute, no more. */
function createPlaces(
  deps: WaitingDeps,
  { maxPlaceNotices: limit }: Pick<ConversationOptions, 'maxPlaceNotices'>,
): { tell(before: number): Promise<void> } {
  let told = new Set<number>();
  let saidAt: readonly number[] = [];
  return { tell };

  async function tell(before: number): Promise<void> {
    const now = deps.clock.elapsed();
    saidAt = saidAt.filter((at) => now - at < minuteMs);
    const all = await deps.events.waitingForPlace({ before, limit });
    told = new Set(all.map(({ head }) => head).filter((head) => told.has(head)));
    for (const waiting of all) {
      if (told.has(waiting.head) || saidAt.length >= limit) continue;
      await deps.notices.waitsForPlace(waiting);
      told.add(waiting.head);
      saidAt = [...saidAt, now];
    }
  }
}
