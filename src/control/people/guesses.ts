import type { Identity } from '#core/address.ts';

/** Wrong codes from one sender within an hour, after which even the right one is not looked at. */
const maxFailures = 5;
const lockMs = 3_600_000;
/** Failed senders that are remembered; beyond it the oldest is forgotten, so that nobody can fill the memory. */
const maxSenders = 10_000;

export interface Guesses {
  isLocked(identity: Identity, now: number): boolean;
  /** True: that was the last one that is looked at for an hour. */
  failed(identity: Identity, now: number): boolean;
}

interface Failures {
  readonly count: number;
  readonly since: number;
}

/** Counts wrong codes of any kind by sender. Kept in memory: eight characters are not guessed between two starts. */
export function createGuesses(): Guesses {
  const failures = new Map<Identity, Failures>();
  return {
    isLocked: (identity, now) => recent(identity, now).count >= maxFailures,
    failed: (identity, now) => {
      const before = recent(identity, now);
      const count = before.count + 1;
      failures.delete(identity);
      failures.set(identity, { ...before, count });
      const [oldest] = failures.keys();
      if (failures.size > maxSenders && oldest !== undefined) failures.delete(oldest);
      return count === maxFailures;
    },
  };

  function recent(identity: Identity, now: number): Failures {
    const known = failures.get(identity);
    return known === undefined || now - known.since > lockMs ? { count: 0, since: now } : known;
  }
}
