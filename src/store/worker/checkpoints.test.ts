import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../opening/database.ts';
import { createCheckpoints } from './checkpoints.ts';

function open(): { readonly db: Database; readonly write: (pages: number) => void } {
  const home = mkdtempSync(join(tmpdir(), 'tiro-wal-'));
  const db = openDatabase(join(home, 'x.db'), 1_000);
  onTestFinished(() => {
    db.close();
    rmSync(home, { recursive: true, force: true });
  });
  db.exec('CREATE TABLE x (a)');
  const insert = db.prepare('INSERT INTO x VALUES (zeroblob(4096))');
  return {
    db,
    write: db.transaction((pages: number) => {
      for (let n = 0; n < pages; n += 1) insert.run();
    }),
  };
}

function unwritten(db: Database): number {
  const row = db.prepare<[], { log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)').get();
  return row === undefined ? -1 : row.log - row.checkpointed;
}

/** Timers that fire when the test says so. */
function createTimers(): { readonly fire: () => void; after(ms: number, run: () => void): () => void } {
  let waiting: (() => void) | null = null;
  return {
    fire: () => waiting?.(),
    after: (_ms, run) => {
      waiting = run;
      return () => {
        waiting = null;
      };
    },
  };
}

test('the WAL is written back when the thread is idle and it is worth it', () => {
  const { db, write } = open();
  const timers = createTimers();
  const checkpoints = createCheckpoints(db, timers);
  write(100);
  checkpoints.committed();
  timers.fire();
  expect(unwritten(db)).toBeGreaterThan(100);
  write(1_000);
  checkpoints.committed();
  expect(unwritten(db)).toBeGreaterThan(1_000);
  timers.fire();
  expect(unwritten(db)).toBe(0);
});

test('under load that never pauses the WAL stays bounded', () => {
  const { db, write } = open();
  const checkpoints = createCheckpoints(db, createTimers());
  for (let n = 0; n < 40; n += 1) {
    write(500);
    checkpoints.committed();
  }
  expect(unwritten(db)).toBeLessThan(13_000);
});

test('at a stop everything is written back', () => {
  const { db, write } = open();
  const checkpoints = createCheckpoints(db, createTimers());
  write(10);
  checkpoints.finish();
  expect(unwritten(db)).toBe(0);
});

test('however often it looks, no statement is made for it: each one is memory that waits for a collection', () => {
  const { db, write } = open();
  const timers = createTimers();
  const checkpoints = createCheckpoints(db, timers);
  const prepare = vi.spyOn(db, 'prepare');
  for (let n = 0; n < 20; n += 1) {
    write(1);
    checkpoints.committed();
    timers.fire();
  }
  expect(prepare).not.toHaveBeenCalled();
});
