import type { Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { StatePort } from '#core/store/state.ts';
import { openScratch } from '#test/scratch-database.ts';
import { createState } from '../sqlite/state.ts';
import { type Verbs, createSession } from '../sqlite/session.ts';
import { type Committed, type Write, createGroupCommit } from './batch.ts';

interface Scratch {
  readonly db: Database;
  readonly commit: (writes: readonly Write[]) => Committed;
  readonly state: Verbs<StatePort>;
  readonly set: (id: number, value: string) => Write;
}

function groupCommit(): Scratch {
  const db = openScratch();
  const session = createSession(db, 1);
  const state = createState(session);
  const set = (id: number, value: string): Write => ({
    id,
    run: () => state.set({ scope: 's', key: `${id}`, value }),
  });
  return { db, commit: createGroupCommit(db, session), state, set };
}

test('a full disk refuses the whole group with nothing stored, and the next group is tried again', () => {
  const { db, commit, state, set } = groupCommit();
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages + 1}`);
  const { answers, note, fatal } = commit([set(1, 'small'), set(2, 'x'.repeat(100_000)), set(3, 'small')]);
  expect(answers).toMatchObject(
    [1, 2, 3].map((id) => ({ id, ok: false, error: { code: 'store-unavailable' } })),
  );
  expect(note).toBeNull();
  expect(fatal).toBeNull();
  expect(db.inTransaction).toBe(false);
  expect(state.get({ scope: 's', key: '1' })).toBeNull();
  db.pragma('max_page_count = 100000');
  expect(commit([set(2, 'x'.repeat(100_000))]).answers).toMatchObject([{ id: 2, ok: true }]);
  expect(state.get({ scope: 's', key: '2' })).toHaveLength(100_000);
});

test('a write that fails is undone alone, also what it had done before it failed', () => {
  const { commit, state, set } = groupCommit();
  const half: Write = {
    id: 2,
    run: () => {
      set(2, 'half').run();
      throw new Error('a defect');
    },
  };
  const { answers, note } = commit([set(1, 'a'), half, set(3, 'c')]);
  expect(answers).toMatchObject([
    { ok: true },
    { ok: false, error: { code: null, message: 'a defect' } },
    { ok: true },
  ]);
  expect(note).toEqual({ steps: [], queued: [], wake: [], turns: [] });
  expect(['1', '2', '3'].map((key) => state.get({ scope: 's', key }))).toEqual(['a', null, 'c']);
});

test('an older epoch writes nothing and is told that it can not go on', () => {
  const { db, commit, state, set } = groupCommit();
  db.exec('INSERT INTO boots (pid, started_at) VALUES (2, 0)');
  const { answers, note, fatal } = commit([set(1, 'a')]);
  expect(answers).toMatchObject([{ ok: false, error: { code: 'fenced' } }]);
  expect(note).toBeNull();
  expect(fatal).toMatchObject({ code: 'fenced' });
  expect(state.get({ scope: 's', key: '1' })).toBeNull();
});
