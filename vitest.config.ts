import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/house/longest-first.ts';

// Every store is a thread of its own, and many tests start programs: with this cache only the first one strips types.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'tiro-compile-cache');

/**
 * In one of ten runs some test's process died by SIGSEGV, each time another. It was never seen alone; what fits is
 * nodejs/node#62393: V8's baseline compiler leaves a stale pointer for the next collection. To be tried without at a new Node.
 */
const execArgv = ['--no-sparkplug'];

/**
 * Two projects. `fast`: everything that needs nothing but this process. `slow` (*.slow.test.ts): browsers, Docker,
 * child processes, outages; after the fast ones, so that they do not fight for two cores.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'fast',
          execArgv,
          // Most of a test's time is waiting for its own store, sockets and processes.
          maxWorkers: 3,
          // A process for each file was two fifths of the work. Nothing has state of a module, so nothing can leak by one.
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.slow.test.ts'],
          // Nothing waits for a time, so a limit only ends what hangs; a busy machine may be slow.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'slow',
          execArgv,
          include: ['**/*.slow.test.ts'],
          exclude: ['**/node_modules/**'],
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
