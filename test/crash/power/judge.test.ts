import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openTestStore } from '#test/store.ts';
import { createDice } from '../campaign/dice.ts';
import { judge } from './judge.ts';
import { putLoad } from './load.ts';
import { type Promises, createListener } from './promises.ts';
import type { Said } from './said.ts';

interface Loaded {
  readonly home: string;
  readonly promises: Promises;
}

let first: Loaded;

/** A home as a small load leaves it, and what was promised: everything. */
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'tiro-judge-'));
  const { store, close } = await openTestStore({ home });
  const listener = createListener();
  listener.hear({ type: 'opened', file: '1', path: '/said', is: 'created' });
  const say = (said: Said): void =>
    listener.hear({ type: 'written', file: '1', at: 0, data: Buffer.from(JSON.stringify(said)) });
  await putLoad({ store, say, chance: createDice(3).next, now: () => 5_000 }, { channels: 2, batches: 2 });
  await close();
  first = { home, promises: listener.promises() };
});
afterAll(() => rmSync(first.home, { recursive: true, force: true }));

function loaded(): Loaded {
  const home = mkdtempSync(join(tmpdir(), 'tiro-judge-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cpSync(first.home, home, { recursive: true });
  return { ...first, home };
}

function damage(home: string, sql: string): void {
  const db = new Database(join(home, 'tiro.db'));
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}

const clean = { notOpened: null, damaged: [], missing: [], halfApplied: [] };

test('a home with all that was promised is clean', () => {
  const { home, promises } = loaded();
  expect(promises.turns.size).toBeGreaterThan(1);
  expect(judge(home, promises)).toEqual(clean);
});

test.each([
  ['an event', 'DELETE FROM events WHERE platform_id = "2.0" AND channel = "c0"'],
  ['a cursor', 'UPDATE cursors SET cursor = "1" WHERE channel = "c0"'],
  ['a turn', 'DELETE FROM turns WHERE seq = 1'],
  ['a reply', `DELETE FROM steps WHERE seq = (SELECT max(seq) FROM steps WHERE body ->> 'kind' = 'reply')`],
  ['a delivery', 'DELETE FROM outbox WHERE seq = 1'],
  ['that it was sent', `UPDATE outbox SET status = 'queued' WHERE seq = 1`],
])('%s that is missing is found', (_what, sql) => {
  const { home, promises } = loaded();
  damage(home, sql.replaceAll('"', "'"));
  expect(judge(home, promises).missing).not.toEqual([]);
});

test.each([
  [
    'the end step of a turn',
    `DELETE FROM steps WHERE seq = (SELECT max(seq) FROM steps WHERE body ->> 'kind' = 'end')`,
  ],
  ['the end of its events', `UPDATE events SET status = 'running' WHERE seq = 1`],
  ['its answer', 'DELETE FROM outbox WHERE seq = 1'],
  ['one message of a batch', `DELETE FROM events WHERE platform_id = '2.0' AND channel = 'c0'`],
])('a verb without %s is half applied', (_what, sql) => {
  const { home, promises } = loaded();
  damage(home, sql);
  expect(judge(home, promises).halfApplied).not.toEqual([]);
});

test('what was never asked for is found', () => {
  const { home, promises } = loaded();
  damage(home, `UPDATE cursors SET cursor = '9' WHERE channel = 'c1'`);
  expect(judge(home, promises).halfApplied).not.toEqual([]);
});
