import type { ChatKey } from '#core/address.ts';
import type { TurnId } from '#core/ids.ts';
import type { StaleQuestion } from '#core/store/events.ts';
import type { ConversationDeps, ConversationOptions, Notices } from './deps.ts';

export interface Waiting {
  /** Tells who waits behind a running turn for a while, once per running turn. */
  tell(): Promise<void>;
  /** Asks a chat whether its old messages still matter. */
  ask(question: StaleQuestion): Promise<void>;
  /** Puts the questions that the disk refused. After a crash the store hands them out again. */
  askAgain(): Promise<void>;
}

/** How often the waiting ones are looked for. */
const lookEveryMs = 500;

export interface WaitingDeps {
  readonly events: ConversationDeps['events'];
  readonly clock: Pick<ConversationDeps['clock'], 'now' | 'elapsed'>;
  readonly notices: Pick<Notices, 'queued' | 'stale'>;
}

/** Whoever has to wait hears of it: behind a running turn, or with messages from before a downtime. */
export function createWaiting(
  deps: WaitingDeps,
  options: Pick<ConversationOptions, 'queuedNoticeMs'>,
): Waiting {
  // Only saves asking the store again: a notice has a key, so that it is said once.
  let told = new Set<TurnId>();
  // The newest question of a chat covers the ones before it.
  const unasked = new Map<ChatKey, StaleQuestion>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return { tell, ask, askAgain };

  async function tell(): Promise<void> {
    const now = deps.clock.elapsed();
    if (now - lookedAt < lookEveryMs) return;
    lookedAt = now;
    const all = await deps.events.waiting(deps.clock.now() - options.queuedNoticeMs);
    told = new Set(all.map((waiting) => waiting.runningTurn).filter((turn) => told.has(turn)));
    for (const waiting of all) {
      if (told.has(waiting.runningTurn)) continue;
      await deps.notices.queued(waiting);
      told.add(waiting.runningTurn);
    }
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
