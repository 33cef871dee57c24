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
  /** Asks what a crash or a refusing disk kept from being asked; each question has a key, so it is asked once. */
  askAgain(): Promise<void>;
}

/** How often the waiting ones are looked for. */
const lookEveryMs = 500;
const mostStale = 1_000;

/** Whoever has to wait hears of it: behind a running turn, or with messages from before a downtime. */
export function createWaiting(deps: ConversationDeps, options: ConversationOptions): Waiting {
  const told = new Set<TurnId>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  // At the start: the boot before may have died between setting messages aside and asking about them.
  let unasked = true;
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
    try {
      await deps.notices.stale(question);
    } catch (error) {
      unasked = true;
      throw error;
    }
  }

  async function askAgain(): Promise<void> {
    if (!unasked) return;
    const events = await deps.events.list({ status: 'stale', limit: mostStale });
    const chats = Map.groupBy(events, (event) => event.chat);
    for (const [chat, [newest, ...older]] of chats) {
      if (newest === undefined || newest.conversation === null) continue;
      const { conversation, seq: newestSeq } = newest;
      const oldestAt = Math.min(newest.sentAt, ...older.map((event) => event.sentAt));
      await deps.notices.stale({ chat, conversation, newestSeq, oldestAt, count: older.length + 1 });
    }
    unasked = false;
  }
}
