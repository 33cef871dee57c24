import type { Delivery, NewDelivery } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import type { Outcome } from './outcome.ts';

export interface SettleDeps {
  readonly outbox: Pick<OutboxPort, 'settle'>;
  readonly clock: ClockPort;
  readonly log: LogPort;
}

export type Settle = (
  row: Delivery,
  outcome: Outcome,
  replacements?: readonly NewDelivery[],
) => Promise<void>;

const storeWaitMs = 1_000;

/** What the platform answered is known only here: a store that refuses writes for a while is waited for. */
export function createSettle({ outbox, clock, log }: SettleDeps, stop: AbortSignal): Settle {
  return async ({ id, chat }, outcome, replacements = []) => {
    if (outcome.status === 'dead') log.warn('delivery.dead', { delivery: id, chat, reason: outcome.reason });
    for (;;) {
      try {
        return await outbox.settle({ id, at: clock.now(), outcome, replacements });
      } catch (error) {
        if (stop.aborted || !isCode(error, 'store-unavailable')) throw error;
        log.warn('delivery.unsettled', { delivery: id, chat, error });
        await clock.sleep(storeWaitMs, stop);
      }
    }
  };
}

export function isCode(error: unknown, code: TiroError['code']): boolean {
  return error instanceof TiroError && error.code === code;
}
