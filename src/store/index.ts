import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { StorePort } from '#core/store/store.ts';
import { createClient } from './client.ts';
import { createLine } from './line.ts';
import type { OpenOptions } from './protocol.ts';

export interface StoreDeps {
  readonly clock: Pick<ClockPort, 'now'>;
  readonly log?: Pick<LogPort, 'info' | 'error'>;
  /**
   * Nothing can be written any more: `fenced` (a newer gateway has the home), `store-corrupt`, or a defect that ended
   * the store's thread. Called once; the process should stop. Rows that were acknowledged are safe.
   */
  readonly onFatal: (error: Error) => void;
}

export interface StoreOptions {
  readonly file: string;
  /** The home lock; held by this process until `close` or its end. */
  readonly lockFile: string;
  readonly backupDir: string;
  /** Raises the epoch even if another gateway has the lock; that one is refused every write from then on. */
  readonly takeover: boolean;
  readonly lockWaitMs: number;
}

export interface OpenedStore extends StorePort {
  readonly epoch: number;
  /** In words, why nothing can be stored now: a full disk, say. Empty when all is well, which shows by itself. */
  notReady(): readonly string[];
}

/**
 * Opens tiro.db in a thread of its own. Rejects with a TiroError in words for the owner: `home-locked`,
 * `schema-newer`, `store-corrupt` (nothing was changed) or `store-unavailable`.
 */
export async function openStore(deps: StoreDeps, options: StoreOptions): Promise<OpenedStore> {
  const { clock, log, onFatal } = deps;
  mkdirSync(dirname(options.file), { recursive: true });
  const workerData: OpenOptions = { ...options, startedAt: clock.now() };
  const worker = new Worker(new URL('worker/main.ts', import.meta.url), { name: 'store', workerData });
  let isTold = false;
  const line = createLine(worker, {
    onFatal: (error) => {
      if (!isTold) onFatal(error);
      isTold = true;
    },
    onLog: (event, fields) => {
      if (failures.has(event)) log?.error(event, fields);
      else log?.info(event, fields);
    },
  });
  const { epoch } = await line.ready;
  const notReady = (): readonly string[] =>
    [line.trouble()].flatMap((why) => (why === null ? [] : `store: ${why}`));
  const client = createClient(line);
  const close = async (): Promise<void> => {
    await keepAddon();
    await client.close();
  };
  return { ...client, close, epoch, notReady };
}

/**
 * Node unloads an addon with the last thread that used it, and the thread's last collection may still call into it: a
 * segmentation fault at the end of the store's thread (better-sqlite3 #1476). This thread holds it too.
 */
async function keepAddon(): Promise<void> {
  const { default: Database } = await import('better-sqlite3');
  new Database(':memory:').close();
}

const failures = new Set(['store.listener-failed', 'store.refused']);
