/** Rests a channel that fails, so that an outage costs a few calls and not a storm. */
export interface Breaker {
  succeeded(channel: string): void;
  failed(channel: string): void;
  /** Channels that rest now. */
  resting(now: number): readonly string[];
  /** A channel is tried again after its rest: one delivery at a time until one goes through. */
  probing(now: number): boolean;
  /** When the next rest ends, or null. */
  nextAt(now: number): number | null;
}

const failuresToOpen = 5;
const firstRestMs = 5_000;
const longestRestMs = 60_000;

interface State {
  readonly failures: number;
  readonly restUntil: number;
}

/** closed → (5 failures in a row) → resting → probing → closed | resting, twice as long. */
export function createBreaker(clock: { now(): number }): Breaker {
  const states = new Map<string, State>();
  return {
    succeeded: (channel) => void states.delete(channel),
    failed(channel) {
      const failures = (states.get(channel)?.failures ?? 0) + 1;
      const rests = failures - failuresToOpen;
      const restMs = rests < 0 ? 0 : Math.min(firstRestMs * 2 ** rests, longestRestMs);
      states.set(channel, { failures, restUntil: clock.now() + restMs });
    },
    resting: (now) => [...states].filter(([, state]) => state.restUntil > now).map(([channel]) => channel),
    probing: (now) =>
      [...states.values()].some((state) => state.failures >= failuresToOpen && state.restUntil <= now),
    nextAt(now) {
      const ends = [...states.values()].map((state) => state.restUntil).filter((end) => end > now);
      return ends.length === 0 ? null : Math.min(...ends);
    },
  };
}
