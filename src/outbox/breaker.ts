/** Rests a channel that fails, so that an outage costs a few calls and not a storm. Times are `clock.elapsed()`. */
export interface Breaker {
  /** The channel answered, whatever it said. */
  succeeded(channel: string): void;
  failed(channel: string): void;
  /** Channels that rest now. */
  resting(now: number): readonly string[];
  /** Channels that have rested: each is tried with one delivery at a time until one gets an answer. */
  probing(now: number): readonly string[];
}

const failuresToOpen = 5;
const firstRestMs = 5_000;
const longestRestMs = 60_000;

interface State {
  readonly failures: number;
  readonly restUntil: number;
}

/** closed → (5 failures in a row) → resting → probing → closed | resting, twice as long. */
export function createBreaker(clock: { elapsed(): number }): Breaker {
  const states = new Map<string, State>();
  return {
    succeeded: (channel) => void states.delete(channel),
    failed(channel) {
      const now = clock.elapsed();
      const { failures, restUntil } = states.get(channel) ?? { failures: 0, restUntil: 0 };
      // Calls that were under way when the channel was put to rest say nothing new.
      if (restUntil > now) return;
      const rests = failures + 1 - failuresToOpen;
      const restMs = rests < 0 ? 0 : Math.min(firstRestMs * 2 ** rests, longestRestMs);
      states.set(channel, { failures: failures + 1, restUntil: now + restMs });
    },
    resting: (now) => channelsWhere(({ restUntil }) => restUntil > now),
    probing: (now) =>
      channelsWhere(({ failures, restUntil }) => failures >= failuresToOpen && restUntil <= now),
  };

  function channelsWhere(holds: (state: State) => boolean): readonly string[] {
    return [...states].filter(([, state]) => holds(state)).map(([channel]) => channel);
  }
}
