import type { Clock } from '../clock.ts';

/** Less than another gateway needs to take over. */
const servesMs = 20;

/** One successful check serves all who ask within `forMs` of its beginning; a failed one serves nobody else. */
export function createRecentCheck(
  clock: Pick<Clock, 'elapsed'>,
  check: () => Promise<void>,
  forMs = servesMs,
): () => Promise<void> {
  let passedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const askedAt = clock.elapsed();
    if (askedAt - passedAt < forMs) return;
    await check();
    passedAt = askedAt;
  };
}
