import type { ClockPort } from '#core/ports/clock.ts';

export interface ManualClock extends ClockPort {
  /** Lets time pass: what is due by then happens, in order. Resolves when the tasks it started had a chance to run. */
  pass(ms: number): Promise<void>;
  /** The wall clock is set by so much, forward or back; nothing else notices. */
  jump(ms: number): void;
  /** Timers and sleeps that have not come due. */
  waiting(): number;
}

/** Noon of a day in 2026: far from midnight, so that no test runs over the border of a day by accident. */
export const noon: number = Date.UTC(2026, 10, 20, 12);

/** A clock that only the test moves. */
export function createManualClock(start: number = noon): ManualClock {
  let time = start;
  let setBy = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const after: ClockPort['after'] = (ms, run) => {
    const timer = { at: time + Math.max(0, ms), run };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const jump = (ms: number): void => {
    setBy += ms;
  };
  return {
    now: () => time + setBy,
    elapsed: () => time,
    after,
    sleep,
    pass,
    jump,
    waiting: () => timers.size,
  };

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = after(ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  async function pass(ms: number): Promise<void> {
    const end = time + ms;
    for (;;) {
      const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      timers.delete(next);
      time = Math.max(time, next.at);
      next.run();
      await settle();
    }
    time = end;
    await settle();
  }
}

/** One round of the event loop: whoever was woken has run until it waits again. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
