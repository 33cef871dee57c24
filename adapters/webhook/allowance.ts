/** How often something may be done: so many times at once, and as many again in each minute. In memory: a restart forgives. */
export interface Allowance {
  /** Takes one and returns 0; or takes none, and returns the milliseconds until there is one. */
  take(): number;
}

const minuteMs = 60_000;

export function createAllowance(clock: { elapsed(): number }, perMinute: number): Allowance {
  const everyMs = minuteMs / perMinute;
  let left = perMinute;
  let at = clock.elapsed();
  return {
    take: () => {
      const now = clock.elapsed();
      left = Math.min(perMinute, left + (now - at) / everyMs);
      at = now;
      if (left < 1) return (1 - left) * everyMs;
      left -= 1;
      return 0;
    },
  };
}
