import { parseChatKey } from '#core/address.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { FeedbackPort } from '#core/ports/compose.ts';

/** Answers that come sooner need no sign of life. */
const firstAfterMs = 500;
/** Platforms show it for five seconds (Telegram) or longer. */
const againAfterMs = 4_000;

/** "Typing" while a turn runs. Ephemeral: no row, and one that fails is not repeated. */
export function createFeedback(deps: {
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly clock: ClockPort;
  readonly log: LogPort;
}): FeedbackPort {
  return {
    start(chat) {
      const address = parseChatKey(chat);
      const adapter = address === null ? null : deps.adapter(address.channel);
      if (address === null || adapter?.typing === undefined) return () => undefined;
      let cancel = deps.clock.after(firstAfterMs, show);
      return () => cancel();

      function show(): void {
        cancel = deps.clock.after(againAfterMs, show);
        if (address === null || adapter?.typing === undefined) return;
        adapter
          .typing(address)
          .catch((error: unknown) => deps.log.info('delivery.typing-failed', { chat, error }));
      }
    },
  };
}
