import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorePort } from '#core/store/store.ts';
import { createClock } from '#lib/clock.ts';
import { openStore } from '#store/index.ts';

export interface TestStore {
  readonly store: StorePort & { readonly epoch: number };
  readonly home: string;
  /** What `onFatal` was told. */
  readonly fatal: readonly Error[];
  /** A further gateway on the same home. The first one keeps running; with `takeover` it is fenced. */
  again(options?: { readonly takeover?: boolean }): Promise<StorePort & { readonly epoch: number }>;
  /** Closes every store that was opened here and removes the home. */
  close(): Promise<void>;
}

export interface TestStoreOptions {
  /** A home to open; it is then not removed by `close`. */
  readonly home?: string;
  /** Time as the store sees it when it opens; verbs get theirs as input. */
  readonly now?: () => number;
}

// Every store is a thread of its own: with this cache only the first one strips its types.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'tiro-compile-cache');

/** A store on a temporary home, the real one: worker thread, SQLite, group commit. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const real = createClock();
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'tiro-store-'));
  const { now = () => real.now() } = options;
  const clock = { now };
  const fatal: Error[] = [];
  const opened: StorePort[] = [];
  const store = await open(false);
  return { store, home, fatal, again: ({ takeover = false } = {}) => open(takeover), close };

  async function open(takeover: boolean): Promise<StorePort & { readonly epoch: number }> {
    const next = await openStore(
      { clock, onFatal: (error) => fatal.push(error) },
      {
        file: join(home, 'tiro.db'),
        lockFile: join(home, 'gateway.lock.db'),
        backupDir: join(home, 'backups'),
        takeover,
        lockWaitMs: 2_000,
      },
    );
    opened.push(next);
    return next;
  }

  async function close(): Promise<void> {
    await Promise.all(opened.map((one) => one.close()));
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  }
}
