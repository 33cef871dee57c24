import { parseChatKey } from '#core/address.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { FeedbackPort } from '#core/ports/compose.ts';

/** Answers that come sooner need no sign of life. */
const firstAfterMs = 500;
/** Platforms show it for five seconds (Telegram) or longer. */
const againAfterMs = 4_000;

/** "Typing" while a turn runs. Ephemeral: no row, one that fails is not repeated, none is made beside one that is late. */
export function createFeedback(deps: {
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly clock: ClockPort;
  readonly log: LogPort;
}): FeedbackPort {
  const { clock, log } = deps;
  return {
    start(chat) {
      const address = parseChatKey(chat);
      const adapter = address === null ? null : deps.adapter(address.channel);
      if (address === null || adapter?.abilities.typing !== true) return () => undefined;
      let isOpen = false;
      let cancel = clock.after(firstAfterMs, show);
      return () => cancel();

      function show(): void {
        cancel = clock.after(againAfterMs, show);
        if (!isOpen) void showOnce();
      }

      async function showOnce(): Promise<void> {
        isOpen = true;
        try {
          if (address !== null) await adapter?.typing?.(address);
        } catch (error) {
          log.info('delivery.typing-failed', { chat, error });
        } finally {
          isOpen = false;
        }
      }
    },
  };
}
