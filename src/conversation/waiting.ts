import type { ChatKey } from '#core/address.ts';
import type { TurnId } from '#core/ids.ts';
import type { StaleQuestion } from '#core/store/events.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';

export interface Waiting {
  /** Tells who waits behind a running turn for a while, once per running turn. */
  tell(): Promise<void>;
  /** The turn has ended: nobody waits behind it. */
  forget(turn: TurnId): void;
  /** Asks a chat whether its old messages still matter. */
  ask(question: StaleQuestion): Promise<void>;
  /** Puts the questions that the disk refused. After a crash the store hands them out again. */
  askAgain(): Promise<void>;
}

/** How often the waiting ones are looked for. */
const lookEveryMs = 500;

/** Whoever has to wait hears of it: behind a running turn, or with messages from before a downtime. */
export function createWaiting(deps: ConversationDeps, options: ConversationOptions): Waiting {
  const told = new Set<TurnId>();
  // The newest question of a chat covers the ones before it.
  const unasked = new Map<ChatKey, StaleQuestion>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return { tell, ask, askAgain, forget: (turn) => void told.delete(turn) };

  async function tell(): Promise<void> {
    const now = deps.clock.now();
    if (now - lookedAt < lookEveryMs) return;
    lookedAt = now;
    for (const waiting of await deps.events.waiting(now - options.queuedNoticeMs)) {
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
