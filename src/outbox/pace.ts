import type { ChatKey } from '#core/address.ts';

/** Keeps the pace a platform allows within one chat. Times are `clock.elapsed()`. */
export interface Pace {
  sent(chat: ChatKey, everyMs: number): void;
  /** Chats that must wait a little. */
  pausedChats(now: number): readonly ChatKey[];
}

export function createPace(clock: { elapsed(): number }): Pace {
  const until = new Map<ChatKey, number>();
  return {
    sent(chat, everyMs) {
      if (everyMs > 0) until.set(chat, clock.elapsed() + everyMs);
    },
    pausedChats(now) {
      for (const [chat, end] of until) if (end <= now) until.delete(chat);
      return [...until.keys()];
    },
  };
}
