import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { needs } from '#test/house/requirement.ts';
import { type Fault, faults } from './control.ts';
import { type FakeDisk, createFakeDisk, diskRequirement } from './index.ts';
import { type Change, readChanges } from './log.ts';

const compiler = needs(diskRequirement);
beforeEach(({ skip }) => skip(compiler.skip, compiler.reason));

/** A database with one row, made by better-sqlite3; prints what SQLite says to it. */
const work = `
  import Database from 'better-sqlite3';
  import { join } from 'node:path';
  try {
    const db = new Database(join(process.env.FAKE_DISK, 'x.db'));
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    process.stdout.write('stored');
  } catch (error) {
    process.stdout.write(String(error.code));
  }`;
const places = {
  'the main thread': work,
  'a worker thread': `
    import { Worker } from 'node:worker_threads';
    new Worker(${JSON.stringify(work)}, { eval: true, execArgv: ['--input-type=module'] });`,
};

function run(disk: FakeDisk, script: string): string {
  mkdirSync(disk.folder, { recursive: true });
  const args = ['--input-type=module', '--eval', script];
  const env = { ...process.env, ...disk.env };
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (stdout === '') throw new Error(`It said nothing: ${stderr}`);
  return stdout;
}

/** `created x.db`, `written x.db-wal`, … */
function told(changes: readonly Change[]): readonly string[] {
  const names = new Map<string, string>();
  return changes.map((change) => {
    if (change.type === 'opened') names.set(change.file, basename(change.path));
    if ('path' in change)
      return `${change.type === 'opened' ? change.is : change.type} ${basename(change.path)}`;
    return `${change.type} ${names.get(change.file) ?? '?'}`;
  });
}

describe.each(Object.entries(places))('SQLite in %s', (_place, script) => {
  test('has every change in the log: files made, bytes written, files and folder synced, journal removed', () => {
    using disk = createFakeDisk({ record: true });
    expect(run(disk, script)).toBe('stored');
    const seen = told(readChanges(disk.log));
    for (const one of [
      'created x.db',
      'created x.db-journal',
      'synced x.db-journal',
      'written x.db',
      'synced x.db',
      'removed x.db-journal',
      'created x.db-wal',
      'written x.db-wal',
      'synced x.db-wal',
      'synced disk',
    ]) {
      expect(seen).toContain(one);
    }
    // A new database's name is on the disk with the folder, before anything that the WAL has is relied on.
    expect(seen.indexOf('synced disk')).toBeGreaterThan(seen.indexOf('created x.db'));
    expect(seen.indexOf('synced disk')).toBeLessThan(seen.indexOf('synced x.db-wal'));
  });

  test('meets a full disk', () => {
    using disk = createFakeDisk();
    disk.set(faults.full);
    expect(run(disk, script)).toBe('SQLITE_FULL');
    disk.clear();
    expect(run(disk, script.replaceAll('x.db', 'z.db'))).toBe('stored');
  });
});

const cases: readonly (readonly [string, Fault, RegExp])[] = [
  ['full after some bytes', { ...faults.full, room: 700 }, /^SQLITE_FULL$/],
  ['read-only', faults.readOnly, /^SQLITE_CANTOPEN/],
  ['broken for writes', faults.writeFails, /^SQLITE_IOERR_WRITE$/],
  ['broken for syncs', faults.syncFails, /^SQLITE_IOERR_(DIR_)?FSYNC$/],
  ['broken for one file', { ...faults.writeFails, only: 'x.db-wal$' }, /^SQLITE_IOERR_WRITE$/],
  ['broken for another file', { ...faults.writeFails, only: 'y.db' }, /^stored$/],
];
test.each(cases)('SQLite meets a disk that is %s', (_name, fault, expected) => {
  using disk = createFakeDisk();
  disk.set(fault);
  expect(run(disk, work)).toMatch(expected);
  expect(disk.refused() > 0).toBe(!expected.test('stored'));
});

test('what lies outside of the folder is left alone', () => {
  using disk = createFakeDisk({ record: true });
  disk.set(faults.full);
  const file = JSON.stringify(join(disk.folder, '../outside'));
  expect(
    run(disk, `import fs from 'node:fs'; fs.writeFileSync(${file}, 'x'); process.stdout.write('stored')`),
  ).toBe('stored');
  expect(readChanges(disk.log)).toEqual([]);
});
