import type { Abilities, Delivery, SendError } from '#core/delivery.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { backoffMs } from '#lib/backoff.ts';

export type Outcome = Parameters<OutboxPort['settle']>[0]['outcome'];

const retry = { firstMs: 1_000, maxMs: 300_000, jitter: 0.2 } as const;
/** A delivery that could not be made for a day is given up, and can be redriven by hand. */
const giveUpAfterMs = 24 * 3_600_000;

/** What a failed call means for its row. `format-refused` and `unknown` on reconcilable channels are decided before. */
export function outcomeOf(
  row: Delivery,
  error: SendError,
  at: {
    readonly now: number;
    readonly semantics: Abilities['sendSemantics'];
    readonly random: { next(): number };
  },
): Outcome {
  const { now } = at;
  const again = { status: 'queued', reason: error.reason, repeated: false } as const;
  switch (error.type) {
    case 'rate-limited':
      // An instruction, not a failure: it is no attempt.
      return orGiveUp(row, now, { ...again, dueAt: now + error.retryAfterMs, countAttempt: false });
    case 'transient':
      return orGiveUp(row, now, {
        ...again,
        dueAt: now + backoffMs(retry, row.attempts + 1, at.random),
        countAttempt: true,
      });
    case 'permanent':
    case 'format-refused':
      return { status: 'dead', reason: error.reason };
    case 'unknown':
      return orGiveUp(row, now, {
        ...again,
        dueAt: now + backoffMs(retry, row.attempts + 1, at.random),
        countAttempt: true,
        repeated: mayRepeat(row, at.semantics),
      });
  }
}

/** A second try may be seen twice: only where the platform cannot absorb it and the call is not idempotent by nature. */
export function mayRepeat(row: Delivery, semantics: Abilities['sendSemantics']): boolean {
  return semantics !== 'idempotent' && (row.body.kind === 'message' || row.body.kind === 'file');
}

function orGiveUp(row: Delivery, now: number, outcome: Extract<Outcome, { status: 'queued' }>): Outcome {
  if (now - row.createdAt < giveUpAfterMs) return outcome;
  return { status: 'dead', reason: `not delivered within 24 h; last: ${outcome.reason}` };
}
