import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sha256Hex } from '#lib/hash.ts';
import type { OpenOptions } from '../protocol.ts';
import { createHomeLock } from './home-lock.ts';
import { type OpenedHome, openHome } from './index.ts';
import { type Migration, readMigrations } from './migrate.ts';
import { processStarted } from './processes.ts';

const migrations = readMigrations(fileURLToPath(new URL('../migrations/', import.meta.url)));

function newHome(): OpenOptions {
  const home = mkdtempSync(join(tmpdir(), 'tiro-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return {
    file: join(home, 'tiro.db'),
    lockFile: join(home, 'gateway.lock.db'),
    backupDir: join(home, 'backups'),
    takeover: false,
    lockWaitMs: 30,
    startedAt: Date.UTC(2026, 10, 20, 9, 2, 3),
  };
}

/** As a clean stop leaves it, or with `crashed` as a kill does: nothing was told to the database. */
function close(home: OpenedHome, how: 'cleanly' | 'crashed' = 'cleanly'): void {
  if (how === 'cleanly') home.db.exec('UPDATE boots SET stopped = 1');
  home.db.close();
  home.lock.release();
}

const digest = (file: string): string => sha256Hex(readFileSync(file, 'latin1'));

test('the database is as durable when it is opened again as when it was made', () => {
  const options = newHome();
  for (let n = 0; n < 2; n += 1) {
    const home = openHome(options, migrations);
    expect(home.db.pragma('synchronous', { simple: true })).toBe(2);
    expect(home.db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(home.db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(home.db.pragma('busy_timeout', { simple: true })).toBeGreaterThan(0);
    expect(home.epoch).toBe(n + 1);
    close(home);
  }
});

test('a second gateway is refused in words that name the first one, until that has ended', () => {
  const options = newHome();
  const first = openHome(options, migrations);
  expect(() => openHome(options, migrations)).toThrow(
    expect.objectContaining({
      code: 'home-locked',
      message: expect.stringContaining(`process ${process.pid}`),
    }),
  );
  close(first);
  const second = openHome(options, migrations);
  expect(second.epoch).toBe(2);
  close(second);
});

test('a takeover raises the epoch beside the lock, which is there to be taken when the first one ends', async () => {
  const options = newHome();
  const first = openHome(options, migrations);
  const second = openHome({ ...options, takeover: true }, migrations);
  expect(second).toMatchObject({ epoch: 2, killed: [] });
  expect(second.lock.isHeld()).toBe(false);
  close(first, 'crashed');
  await vi.waitFor(() => expect(second.lock.take(0)).toBe(true));
  expect(createHomeLock(options.lockFile).take(0)).toBe(false);
  close(second);
});

test('a row of boots names the process for good', () => {
  const home = openHome(newHome(), migrations);
  expect(home.db.prepare('SELECT pid, process_started, started_at FROM boots').all()).toEqual([
    {
      pid: process.pid,
      process_started: processStarted(process.pid),
      started_at: Date.UTC(2026, 10, 20, 9, 2, 3),
    },
  ]);
  close(home);
});

test('a newer schema is refused with both numbers, and nothing is changed', () => {
  const options = newHome();
  close(openHome(options, migrations));
  const db = new Database(options.file);
  db.pragma('user_version = 99');
  db.close();
  const before = digest(options.file);
  expect(() => openHome(options, migrations)).toThrow(
    expect.objectContaining({
      code: 'schema-newer',
      message: expect.stringMatching(/schema 99\b.*schema \d+/),
    }),
  );
  expect(digest(options.file)).toBe(before);
  expect(createHomeLock(options.lockFile).take(0)).toBe(true);
});

test('a file that is no database is refused with what to do, and nothing is changed', () => {
  const options = newHome();
  writeFileSync(options.file, 'not a database at all '.repeat(1_000));
  const before = digest(options.file);
  expect(() => openHome(options, migrations)).toThrow(
    expect.objectContaining({ code: 'store-corrupt', message: expect.stringContaining('.recover') }),
  );
  expect(digest(options.file)).toBe(before);
});

test('a file that was emptied is refused, not taken for a new one', () => {
  const options = newHome();
  close(openHome(options, migrations));
  truncateSync(options.file);
  expect(() => openHome(options, migrations)).toThrow(/damaged \(it is empty\)/);
  expect(statSync(options.file).size).toBe(0);
  rmSync(options.file);
  close(openHome(options, migrations));
});

test('a log without its database is refused: it would be played into a new one', () => {
  const options = newHome();
  const home = openHome(options, migrations);
  copyFileSync(`${options.file}-wal`, `${options.file}.kept`);
  close(home);
  rmSync(options.file);
  renameSync(`${options.file}.kept`, `${options.file}-wal`);
  expect(() => openHome(options, migrations)).toThrow(/only its log is left/);
  expect(existsSync(options.file)).toBe(false);
});

test('after a crash damaged pages are found before anything is written', () => {
  const options = newHome();
  const home = openHome(options, migrations);
  const insert = home.db.prepare(`INSERT INTO state VALUES ('s', ?, ?)`);
  for (let n = 0; n < 500; n += 1) insert.run(`${n}`, 'x'.repeat(500));
  close(home, 'crashed');
  const bytes = readFileSync(options.file);
  bytes.fill(0x5a, bytes.length - 40_960, bytes.length - 4_096);
  writeFileSync(options.file, bytes);
  const before = digest(options.file);
  expect(() => openHome(options, migrations)).toThrow(
    expect.objectContaining({
      code: 'store-corrupt',
      message: expect.stringMatching(new RegExp(`${options.file}.*read-only.*${options.backupDir}`)),
    }),
  );
  expect(digest(options.file)).toBe(before);
});

test('a home whose making was cut off opens: what was begun is undone first', () => {
  const [source, options] = [newHome(), newHome()];
  const db = new Database(source.file);
  db.exec('PRAGMA cache_size = 1; CREATE TABLE begun (a); BEGIN');
  const insert = db.prepare('INSERT INTO begun VALUES (zeroblob(4096))');
  for (let n = 0; n < 50; n += 1) insert.run();
  for (const suffix of ['', '-journal']) copyFileSync(source.file + suffix, options.file + suffix);
  db.close();
  const home = openHome(options, migrations);
  expect(home.db.prepare('SELECT count(*) FROM begun').pluck().get()).toBe(0);
  expect(home.db.pragma('integrity_check', { simple: true })).toBe('ok');
  close(home);
});

const second: Migration = {
  version: migrations.length + 1,
  name: 'test.sql',
  sql: `CREATE TABLE extra (a);\nINSERT INTO extra SELECT epoch FROM boots;\nALTER TABLE state ADD COLUMN b TEXT;`,
};

test('an existing file is copied whole before it is migrated', () => {
  const options = newHome();
  const home = openHome(options, migrations);
  home.db.exec(`INSERT INTO state VALUES ('s', 'k', 'only in the WAL')`);
  expect(existsSync(options.backupDir)).toBe(false);
  close(home);
  const migrated = openHome(options, [...migrations, second]);
  expect(migrated.migrated).toEqual(['test.sql']);
  close(migrated);
  const name = `tiro-${migrations.length}-20261120T090203Z.db`;
  expect(readdirSync(options.backupDir)).toEqual([name]);
  const copy = new Database(join(options.backupDir, name), { readonly: true });
  expect(copy.pragma('user_version', { simple: true })).toBe(migrations.length);
  expect(copy.prepare('SELECT value FROM state').pluck().all()).toEqual(['only in the WAL']);
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  copy.close();
});

test('a migration that fails leaves the schema as it was', () => {
  const options = newHome();
  close(openHome(options, migrations));
  const broken = { ...second, sql: `${second.sql}\nINSERT INTO nowhere VALUES (1);` };
  expect(() => openHome(options, [...migrations, broken])).toThrow('test.sql failed');
  const home = openHome(options, migrations);
  expect(home.db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'extra'`).all()).toEqual([]);
  close(home);
});

test('migrations are numbered without gaps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-migrations-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, '001-a.sql'), '');
  writeFileSync(join(folder, '003-c.sql'), '');
  expect(() => readMigrations(folder)).toThrow('003-c.sql should have number 2');
});

test('whatever statement a migration is killed at, the file opens with the old schema or the new one', () => {
  // What a kill leaves behind is the files as they are at that moment: they are copied between every two statements.
  const all = [...migrations, second];
  const snapshots: OpenOptions[] = [];
  const source = newHome();
  for (const migration of all) {
    const pieces = statementsOf(migration.sql);
    const db = new Database(source.file);
    db.pragma('journal_mode = WAL');
    db.exec('BEGIN IMMEDIATE');
    for (const piece of pieces) {
      snapshots.push(copyOf(source));
      db.exec(piece);
    }
    db.pragma(`user_version = ${migration.version}`);
    snapshots.push(copyOf(source));
    db.exec('COMMIT');
    snapshots.push(copyOf(source));
    db.close();
  }
  expect(snapshots.length).toBeGreaterThan(50);
  for (const snapshot of snapshots) {
    const home = openHome(snapshot, all);
    expect(home.db.pragma('user_version', { simple: true })).toBe(all.length);
    expect(home.db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(home.db.prepare('SELECT count(*) FROM extra').pluck().get()).toBe(0);
    close(home);
  }
});

/** A statement begins at the start of a line; the body of a trigger is indented. */
function statementsOf(sql: string): readonly string[] {
  return sql.split(/(?<=;)\n+(?=[A-Z-])(?!END)/);
}

function copyOf(source: OpenOptions): OpenOptions {
  const copy = newHome();
  for (const suffix of ['', '-wal']) {
    if (existsSync(source.file + suffix)) copyFileSync(source.file + suffix, copy.file + suffix);
  }
  return copy;
}
