import type { ClockPort } from '#core/ports/clock.ts';
import { createClock } from '#lib/clock.ts';

export interface WarpClock {
  /** For the seam `clock` of a gateway. */
  readonly seam: () => ClockPort;
  /** The wall clock is set by so much, forward or back. Waits and durations do not notice. */
  jump(ms: number): void;
  now(): number;
  /** Simulated ms since the clock was made. */
  passed(): number;
}

/** Time that runs `speed` times faster, for whoever gets it by the seam: sockets and fakes stay in real time. */
export function createWarpClock(speed = 1, startAt: number = Date.now()): WarpClock {
  const real = createClock();
  const begun = performance.now();
  let setBy = 0;
  const elapsed = (): number => (performance.now() - begun) * speed;
  const now = (): number => Math.floor(startAt + elapsed() + setBy);
  const port: ClockPort = {
    now,
    elapsed,
    sleep: (ms, signal) => real.sleep(ms / speed, signal),
    after: (ms, run) => real.after(ms / speed, run),
  };
  return {
    seam: () => port,
    jump: (ms) => {
      setBy += ms;
    },
    now,
    passed: elapsed,
  };
}
