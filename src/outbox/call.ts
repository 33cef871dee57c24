import type { OutboundDelivery, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';

/** What is known of a delivery whose answer was lost. `cut`: the gateway stops, and the next boot asks. */
export type Seen =
  | { readonly found: 'sent'; readonly platformId: string }
  | { readonly found: 'absent' | 'cut' }
  | { readonly found: 'unknown'; readonly why: string };

/** Calls of an adapter that end in any case, and never throw. */
export interface Calls {
  send(adapter: AdapterPort, delivery: OutboundDelivery): Promise<SendResult>;
  /** `unknown` where the adapter cannot look. */
  lookUp(adapter: AdapterPort, delivery: OutboundDelivery): Promise<Seen>;
}

/** Longer than the upload of a large file: adapters have their own, shorter limits. */
const sendLimitMs = 300_000;
const lookUpLimitMs = 60_000;
/** How long an adapter that was told to end may take to say how its call ended. */
const graceMs = 1_000;

export function createCalls(deps: { readonly clock: ClockPort }, stop: AbortSignal): Calls {
  return {
    async send(adapter, delivery) {
      try {
        const result = await bounded((signal) => adapter.send(delivery, signal), sendLimitMs);
        if (result !== 'cut') return result;
        const why = stop.aborted ? 'the gateway stopped first' : `none within ${sendLimitMs / 1_000} s`;
        return { ok: false, error: { type: 'unknown', reason: `no answer: ${why}` } };
      } catch (error) {
        // It broke its contract; whether its call left is not known.
        const reason = `the ${adapter.name} adapter failed: ${messageOf(error)}`;
        return { ok: false, error: { type: 'unknown', reason } };
      }
    },
    async lookUp(adapter, delivery) {
      if (stop.aborted) return { found: 'cut' };
      try {
        const lookup = adapter.lookup?.(delivery);
        if (lookup === undefined) return { found: 'unknown', why: 'it cannot be looked up' };
        const seen = await bounded(() => lookup, lookUpLimitMs);
        if (seen === 'cut') return stop.aborted ? { found: 'cut' } : unseen('it did not end');
        if (seen.found === 'unknown') return unseen('the platform does not tell');
        return seen.found === 'sent' ? seen : { found: 'absent' };
      } catch (error) {
        return unseen(messageOf(error));
      }
    },
  };

  /** Ends at its limit or with the gateway: it is told so, and left behind when it does not end then. */
  async function bounded<T>(run: (signal: AbortSignal) => Promise<T>, limitMs: number): Promise<T | 'cut'> {
    const over = new AbortController();
    const left = Promise.withResolvers<'cut'>();
    let cancel = deps.clock.after(limitMs, cut);
    if (stop.aborted) cut();
    stop.addEventListener('abort', cut, { once: true });
    try {
      return await Promise.race([run(over.signal), left.promise]);
    } finally {
      cancel();
      stop.removeEventListener('abort', cut);
    }

    function cut(): void {
      cancel();
      over.abort();
      cancel = deps.clock.after(graceMs, () => left.resolve('cut'));
    }
  }
}

function unseen(why: string): Seen {
  return { found: 'unknown', why: `lookup: ${why}` };
}
