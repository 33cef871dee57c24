import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long the event loop made others wait since the last reading: the 99th percentile in ms. */
export function createLoopDelay(): { readP99Ms(): number; stop(): void } {
  const resolutionMs = 20;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    readP99Ms: () => {
      const p99 = histogram.percentile(99) / 1e6;
      // The histogram counts the timer's own interval in.
      return Number.isFinite(p99) ? Math.max(0, p99 - resolutionMs) : 0;
    },
    stop: () => void histogram.disable(),
  };
}
