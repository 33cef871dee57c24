export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Share of the delay by which it is spread: 0.2 is ±20 %. */
  readonly jitter: number;
}

/** firstMs, doubled with every attempt after the first, capped, spread by jitter. `attempt` counts from 1. */
export function backoffMs(backoff: Backoff, attempt: number, random: { next(): number }): number {
  const doublings = Math.min(Math.max(0, attempt - 1), 40);
  const plain = Math.min(backoff.firstMs * 2 ** doublings, backoff.maxMs);
  return Math.round(plain * (1 + backoff.jitter * (2 * random.next() - 1)));
}
