import { defineConfig } from 'vitest/config';

/**
 * Two projects. `fast`: everything that needs nothing but this process. `slow` (*.slow.test.ts): browsers, Docker,
 * child processes, outages; two files at a time, after the fast ones, so that they do not fight for two cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          // Most of a test's time is waiting for its own store, sockets and processes.
          maxWorkers: 3,
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
          include: ['**/*.slow.test.ts'],
          exclude: ['**/node_modules/**'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
