import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { testStore } from '#test/contract/store.ts';
import { type TestStore, openTestStore } from '#test/store.ts';
import { openStore } from './index.ts';
import { createHomeLock } from './opening/home-lock.ts';

testStore({
  name: 'sqlite',
  setup: async () => {
    const opened = await openTestStore();
    return { ...opened, takeOver: () => opened.again({ takeover: true }) };
  },
});

describe('a home', () => {
  async function opened(): Promise<TestStore> {
    const home = await openTestStore();
    onTestFinished(() => home.close());
    return home;
  }

  function openAnother({ home }: TestStore): ReturnType<typeof openStore> {
    return openStore(
      { clock: { now: () => 1 }, onFatal: () => expect.unreachable('a store that did not open has no end') },
      {
        file: join(home, 'tiro.db'),
        lockFile: join(home, 'gateway.lock.db'),
        backupDir: join(home, 'backups'),
        takeover: false,
        lockWaitMs: 20,
      },
    );
  }

  test('has one gateway: a second one is refused and the first goes on', async () => {
    const first = await opened();
    await expect(openAnother(first)).rejects.toMatchObject({
      name: 'TiroError',
      code: 'home-locked',
      message: expect.stringContaining(`${process.pid}`),
    });
    await first.store.state.set({ scope: 's', key: 'k', value: 'x' });
    expect(first.fatal).toEqual([]);
  });

  test('is locked by the gateway that took it over as soon as the first one has ended', async () => {
    const first = await opened();
    const second = await first.again({ takeover: true });
    await first.store.close();
    await vi.waitFor(
      () => {
        const probe = createHomeLock(join(first.home, 'gateway.lock.db'));
        const free = probe.take(0);
        probe.release();
        expect(free).toBe(false);
      },
      { timeout: 5_000 },
    );
    await expect(openAnother(first)).rejects.toMatchObject({ code: 'home-locked' });
    await second.state.set({ scope: 's', key: 'k', value: 'x' });
  });

  test('has its rows after a stop, and its backup has them too', async () => {
    const first = await opened();
    await first.store.state.set({ scope: 's', key: 'k', value: 'kept' });
    const copy = join(first.home, 'backups', 'copy.db');
    await first.store.backup(copy);
    await first.store.boots.stopped();
    await first.store.close();
    const db = new Database(copy, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.prepare('SELECT value FROM state').pluck().all()).toEqual(['kept']);
    db.close();
    const again = await first.again();
    expect(again.epoch).toBe(2);
    expect(await again.boots.current()).toMatchObject({ crashStreak: 0 });
    expect(await again.state.get({ scope: 's', key: 'k' })).toBe('kept');
  });

  test('keeps no half of a backup that failed', async () => {
    const { home, store } = await opened();
    const copy = join(home, 'backups', 'copy.db');
    mkdirSync(join(copy, 'in the way'), { recursive: true });
    await expect(store.backup(copy)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(join(home, 'backups'))).toEqual(['copy.db']);
  });

  test('that was damaged after a clean stop ends at the first read that meets it, saying what to do', async () => {
    const first = await opened();
    await first.store.boots.stopped();
    await first.store.close();
    damageTable(join(first.home, 'tiro.db'), 'state');
    const again = await first.again();
    const error = {
      code: 'store-corrupt',
      message: expect.stringContaining(`sqlite3 ${first.home}/tiro.db .recover`),
    };
    await expect(again.state.get({ scope: 's', key: 'k' })).rejects.toMatchObject(error);
    await vi.waitFor(() => expect(first.fatal).toMatchObject([error]));
  });
});

/** Overwrites the first page of a table. */
function damageTable(file: string, table: string): void {
  const db = new Database(file);
  const page = Number(db.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').pluck().get(table));
  const size = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size, 0xa5), 0, size, (page - 1) * size);
  closeSync(handle);
}
