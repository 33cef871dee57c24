import { monitorEventLoopDelay } from 'node:perf_hooks';

const windowMs = 60_000;
const resolutionMs = 20;

/**
 * How long the event loop made others wait: the 99th percentile, in ms, of this minute so far or of the minute before,
 * whichever is longer. Whoever reads it changes nothing for others who do, and what was long ago is forgotten.
 */
export function createLoopDelay(options: { readonly windowMs: number } = { windowMs }): {
  readP99Ms(): number;
  stop(): void;
} {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  let before = 0;
  histogram.enable();
  const timer = setInterval(() => {
    before = p99Ms();
    histogram.reset();
  }, options.windowMs);
  timer.unref();
  return {
    readP99Ms: () => Math.max(before, p99Ms()),
    stop: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };

  function p99Ms(): number {
    const p99 = histogram.percentile(99) / 1e6;
    // The histogram counts the timer's own interval in.
    return Number.isFinite(p99) ? Math.max(0, p99 - resolutionMs) : 0;
  }
}
