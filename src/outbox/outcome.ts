import type { Abilities, Delivery, SendError } from '#core/delivery.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { backoffMs } from '#lib/backoff.ts';

export type Outcome = Parameters<OutboxPort['settle']>[0]['outcome'];

const retry = { firstMs: 1_000, maxMs: 300_000, jitter: 0.2 } as const;
/** A delivery that could not be made for a day is given up, and can be redriven by hand. */
const giveUpAfterMs = 24 * 3_600_000;
/** The gateway may have been off for that day: it still tries for some minutes, until its network is up. */
const fewestTries = 8;
/** Whoever asks for more is asked again then: a wrong date must not silence a chat for ever. */
const longestWaitMs = 3_600_000;

/** An answer that nobody could be given for so long is not said out of the blue: its words may be wrong by now. */
const tooOldMs = 7 * 24 * 3_600_000;

/** The end of a row that was never tried for so long, because the gateway was away; null: it may go out. */
export function tooOld(row: Delivery, now: number): Outcome | null {
  const age = now - row.createdAt;
  if (age < tooOldMs || row.attempts > 0) return null;
  return givenUp(row, `it waited for ${Math.floor(age / 86_400_000)} days and was not sent any more`);
}

/** What a failed call means for its row. `unknown` on reconcilable channels is looked up before. */
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
  const isOld = now - row.createdAt >= giveUpAfterMs;
  const triedOut = isOld && row.attempts + 1 >= fewestTries;
  const again = { status: 'queued', reason: error.reason, repeated: false } as const;
  const backoff = { dueAt: now + backoffMs(retry, row.attempts + 1, at.random), countAttempt: true };
  switch (error.type) {
    case 'rate-limited':
      // An instruction, not a failure: it is no attempt.
      // An old row counts them all the same: it may be old only because we were away, or because a clock was set.
      if (triedOut) return givenUp(row, tooLong(error.reason));
      return { ...again, dueAt: now + Math.min(error.retryAfterMs, longestWaitMs), countAttempt: isOld };
    case 'transient':
      return triedOut ? givenUp(row, tooLong(error.reason)) : { ...again, ...backoff };
    case 'permanent':
    case 'format-refused':
      return givenUp(row, error.reason);
    case 'unknown': {
      const repeated = mayRepeat(row, at.semantics);
      // Only a row that waits can be marked, and a redrive of a dead one must know of the mark.
      if (triedOut && (row.repeated || !repeated)) return givenUp(row, tooLong(error.reason));
      return { ...again, ...backoff, repeated };
    }
  }
}

/** A second try may be seen twice: only where the platform cannot absorb it and the call is not idempotent by nature. */
export function mayRepeat(row: Delivery, semantics: Abilities['sendSemantics']): boolean {
  return semantics !== 'idempotent' && makesMessage(row);
}

/** It was called before, and what that call did is not known for sure: an edit may be shown although it is refused now. */
export function mayBeMade({ attempts, reason }: Delivery): boolean {
  return attempts > 0 || reason !== null;
}

/** An edit whose message never came out is sent as a message. */
export function makesMessage({ body, targetPlatformId }: Delivery): boolean {
  return (
    body.kind === 'message' || body.kind === 'file' || (body.kind === 'edit' && targetPlatformId === null)
  );
}

/** A preview is no dead letter: nobody waits for it, and a redrive would put it in the place of the final text. */
function givenUp(row: Delivery, reason: string): Outcome {
  return { status: row.preview ? 'cancelled' : 'dead', reason };
}

function tooLong(last: string): string {
  return `not delivered within 24 h; last: ${last}`;
}
