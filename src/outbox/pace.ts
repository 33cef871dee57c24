import type { ChatKey } from '#core/address.ts';

/** Keeps the pace a platform allows within one chat. */
export interface Pace {
  sent(chat: ChatKey, everyMs: number): void;
  /** Chats that must wait a little. */
  pausedChats(now: number): readonly ChatKey[];
}

export function createPace(clock: { now(): number }): Pace {
  const until = new Map<ChatKey, number>();
  return {
    sent(chat, everyMs) {
      if (everyMs > 0) until.set(chat, clock.now() + everyMs);
    },
    pausedChats(now) {
      for (const [chat, end] of until) if (end <= now) until.delete(chat);
      return [...until.keys()];
    },
  };
}
