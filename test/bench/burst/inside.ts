import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into the gateway by `--import`, so that its event loop and memory are measured from inside without a line in the
 * product: a timer of 10 ms notes how late it fires, and twice a second the notes go to a file as a line of JSON.
 */
const everyMs = 10;
const writeEveryMs = 500;
const file = process.env['TIRO_BENCH_GAUGES'];

if (isMainThread && file !== undefined) begin(file);

function begin(path: string): void {
  let lateMs: number[] = [];
  let due = performance.now() + everyMs;
  let writeAt = performance.now() + writeEveryMs;
  setInterval(look, everyMs).unref();

  function look(): void {
    const now = performance.now();
    lateMs.push(Math.max(0, Math.round((now - due) * 10) / 10));
    due = now + everyMs;
    if (now < writeAt) return;
    writeAt = now + writeEveryMs;
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const line = {
      at: Date.now(),
      lateMs,
      rss,
      heapUsed,
      heapTotal,
      external,
      cpuMs: (user + system) / 1000,
    };
    lateMs = [];
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }
}
