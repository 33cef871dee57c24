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
  /** From now on. Waits that are under way keep their length in real time. */
  setSpeed(speed: number): void;
}

/** Time that runs `speed` times faster, for whoever gets it by the seam: sockets and fakes stay in real time. */
export function createWarpClock(speed = 1, startAt: number = Date.now()): WarpClock {
  const real = createClock();
  let stretch = { begun: performance.now(), passed: 0, speed };
  let setBy = 0;
  const elapsed = (): number => stretch.passed + (performance.now() - stretch.begun) * stretch.speed;
  const now = (): number => Math.floor(startAt + elapsed() + setBy);
  const port: ClockPort = {
    now,
    elapsed,
    sleep: (ms, signal) => real.sleep(ms / stretch.speed, signal),
    after: (ms, run) => real.after(ms / stretch.speed, run),
  };
  return {
    seam: () => port,
    jump: (ms) => {
      setBy += ms;
    },
    now,
    passed: elapsed,
    setSpeed: (next) => {
      stretch = { begun: performance.now(), passed: elapsed(), speed: next };
    },
  };
}
