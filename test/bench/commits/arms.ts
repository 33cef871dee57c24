import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClock } from '#lib/clock.ts';
import { openStore } from '#store/index.ts';
import { openHome } from '#store/opening/index.ts';
import { readMigrations } from '#store/opening/migrate.ts';
import { createSession } from '#store/sqlite/session.ts';
import { createTables } from '#store/sqlite/index.ts';
import { percentile } from '../statistics.ts';
import type { Verbs, Work } from './work.ts';

export interface Rate {
  /** Writes per second, each acknowledged as durable. */
  readonly perSecond: number;
  /** Transactions, and so fsyncs, per second. */
  readonly groupsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Load {
  /** Of its own: every arm begins with an empty database. */
  readonly folder: string;
  readonly writers: number;
  readonly seconds: number;
}

const warmWrites = 20;
const migrations = fileURLToPath(new URL('../../../src/store/migrations/', import.meta.url));

/** The store as the gateway has it: its thread, its messages, its group commit. Each writer waits for its own commit. */
export async function measureStore(work: Work, { folder, writers, seconds }: Load): Promise<Rate> {
  const fatal = Promise.withResolvers<never>();
  const store = await openStore({ clock: createClock(), onFatal: fatal.reject }, optionsOf(folder));
  let groups = 0;
  store.onCommit(() => (groups += 1));
  const tookMs: number[] = [];
  const write = async (writer: number, until: () => boolean): Promise<void> => {
    while (!until()) {
      const startedAt = performance.now();
      await work.run(store, writer);
      tookMs.push(performance.now() - startedAt);
    }
  };
  const all = (until: () => boolean): Promise<unknown> =>
    Promise.race([
      Promise.all(Array.from({ length: writers }, (_, writer) => write(writer, until))),
      fatal.promise,
    ]);
  try {
    await all(() => tookMs.length >= warmWrites * writers);
    tookMs.length = 0;
    groups = 0;
    const [startedAt, isOver] = timer(seconds);
    await all(isOver);
    return rateOf(tookMs, groups, performance.now() - startedAt);
  } finally {
    await store.close();
  }
}

/**
 * One fsync per write: the same verb, its SQL and its tables, on a file opened in the same way, each write in a
 * transaction of its own. In this thread, without messages: what a plain program would do.
 */
export function measurePlain(work: Work, { folder, writers, seconds }: Load): Rate {
  const { db, lock, epoch } = openHome(
    { ...optionsOf(folder), startedAt: Date.now() },
    readMigrations(migrations),
  );
  const tables: Verbs = createTables(createSession(db, epoch));
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const tookMs: number[] = [];
  const write = (until: () => boolean): void => {
    while (!until()) {
      const startedAt = performance.now();
      begin.run();
      work.run(tables, tookMs.length % writers);
      commit.run();
      tookMs.push(performance.now() - startedAt);
      // Seldomer than the store does under load: in favour of the reference, but a WAL that only grows would be slower.
      if (tookMs.length % checkpointEvery === 0) db.pragma('wal_checkpoint(PASSIVE)');
    }
  };
  try {
    write(() => tookMs.length >= warmWrites * writers);
    tookMs.length = 0;
    const [startedAt, isOver] = timer(seconds);
    write(isOver);
    return rateOf(tookMs, tookMs.length, performance.now() - startedAt);
  } finally {
    db.close();
    lock.release();
  }
}

const checkpointEvery = 1_000;

function timer(seconds: number): readonly [startedAt: number, isOver: () => boolean] {
  const startedAt = performance.now();
  return [startedAt, () => performance.now() - startedAt >= seconds * 1000];
}

function rateOf(tookMs: readonly number[], groups: number, elapsedMs: number): Rate {
  return {
    perSecond: tookMs.length / (elapsedMs / 1000),
    groupsPerSecond: groups / (elapsedMs / 1000),
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
  };
}

function optionsOf(folder: string): Parameters<typeof openStore>[1] {
  return {
    file: join(folder, 'tiro.db'),
    lockFile: join(folder, 'gateway.lock.db'),
    backupDir: join(folder, 'backups'),
    takeover: false,
    lockWaitMs: 2_000,
  };
}
