/** The real clock. The only place of the project that touches timers and the wall clock. */
export interface Clock {
  now(): number;
  elapsed(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  after(ms: number, run: () => void): () => void;
}

// setTimeout takes 31 bits: a longer wait would fire at once.
const longestTimerMs = 2_147_483_647;

export function createClock(): Clock {
  return { now: () => Date.now(), elapsed: () => performance.now(), sleep, after };
}

function after(ms: number, run: () => void): () => void {
  let timer = arm(Math.max(0, ms));
  return () => clearTimeout(timer);

  function arm(leftMs: number): NodeJS.Timeout {
    if (leftMs <= longestTimerMs) return setTimeout(run, leftMs);
    return setTimeout(() => {
      timer = arm(leftMs - longestTimerMs);
    }, longestTimerMs);
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
