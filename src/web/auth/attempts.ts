import type { ClockPort } from '#core/ports/clock.ts';

/** Counts failures by key within a sliding window. In memory: a restart forgives. */
export interface Attempts {
  /** Milliseconds until the next try is allowed; 0 when it is allowed now. */
  waitMs(key: string): number;
  failed(key: string): void;
}

/** At most this many addresses are remembered; beyond it the one that failed longest ago is forgotten. */
const keyLimit = 1_000;

export function createAttempts(
  deps: { readonly clock: ClockPort },
  options: { readonly max: number; readonly windowMs: number },
): Attempts {
  const failures = new Map<string, readonly number[]>();
  return { waitMs, failed };

  function waitMs(key: string): number {
    const recent = recentOf(key);
    const first = recent[recent.length - options.max];
    return first === undefined ? 0 : first + options.windowMs - deps.clock.elapsed();
  }

  function failed(key: string): void {
    const recent = recentOf(key);
    failures.delete(key);
    failures.set(key, [...recent, deps.clock.elapsed()]);
    const [oldest] = failures.keys();
    if (failures.size > keyLimit && oldest !== undefined) failures.delete(oldest);
  }

  function recentOf(key: string): readonly number[] {
    const since = deps.clock.elapsed() - options.windowMs;
    return (failures.get(key) ?? []).filter((at) => at > since);
  }
}
