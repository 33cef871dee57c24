import { appendFileSync } from 'node:fs';
import {
  type PerformanceEntry,
  PerformanceObserver,
  constants,
  monitorEventLoopDelay,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into every thread of the gateway by `--import`: memory and event loop are measured from inside, without a line in
 * the product. Every `TIRO_SOAK_EVERY_MS` each thread adds a line of JSON to the file `TIRO_SOAK_INSIDE`.
 */
const file = process.env['TIRO_SOAK_INSIDE'];
const everyMs = Number(process.env['TIRO_SOAK_EVERY_MS'] ?? '10000');
const resolutionMs = 10;

if (file !== undefined) begin(file);

function begin(path: string): void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  /** The heap in use right behind each full collection since the last line: what is really held. */
  let floors: number[] = [];
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isFullCollection)) floors.push(getHeapStatistics().used_heap_size);
  });
  observer.observe({ entryTypes: ['gc'] });
  setInterval(note, everyMs).unref();

  function note(): void {
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    const line = {
      thread: isMainThread ? 'main' : 'store',
      at: Date.now(),
      heapUsed,
      heapTotal,
      external,
      heapFloor: floors.length === 0 ? null : Math.min(...floors),
      // The histogram counts the timer's own interval in.
      delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
      delayMaxMs: Math.max(0, delay.max / 1e6 - resolutionMs),
    };
    floors = [];
    delay.reset();
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }
}

function isFullCollection(entry: PerformanceEntry): boolean {
  const detail: unknown = Reflect.get(entry, 'detail');
  if (typeof detail !== 'object' || detail === null) return false;
  return Reflect.get(detail, 'kind') === constants.NODE_PERFORMANCE_GC_MAJOR;
}
