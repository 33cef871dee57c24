import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { isRefusedByDisk } from './sqlite-errors.ts';

/** Plain SQL, so that it can not import code that moves. `version` counts from 1 without gaps. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const version = index + 1;
    if (Number(name.slice(0, 3)) !== version)
      throw new Error(`Migration ${name} should have number ${version}.`);
    return { version, name, sql: readFileSync(join(folder, name), 'utf8') };
  });
}

/**
 * Brings the file to the newest schema: a backup of what is there, then each migration in one transaction together
 * with its number. Killed at any moment, the file has the old schema or the new one. Returns what was applied.
 */
export function migrate(
  db: Database,
  options: { readonly migrations: readonly Migration[]; readonly backupDir: string; readonly now: number },
): readonly string[] {
  const version = Number(db.pragma('user_version', { simple: true }));
  const due = options.migrations.filter((migration) => migration.version > version);
  if (due.length === 0) return [];
  if (version > 0) backUp(db, { folder: options.backupDir, version, now: options.now });
  for (const migration of due) apply(db, migration);
  return due.map((migration) => migration.name);
}

function apply(db: Database, migration: Migration): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(migration.sql);
    db.pragma(`user_version = ${migration.version}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    if (isRefusedByDisk(error)) throw error;
    throw new Error(`Migration ${migration.name} failed; the database has the schema it had before.`, {
      cause: error,
    });
  }
}

/** A whole copy made inside SQLite: the main file alone, without its WAL, would be an old state or none. */
function backUp(
  db: Database,
  backup: { readonly folder: string; readonly version: number; readonly now: number },
): void {
  mkdirSync(backup.folder, { recursive: true });
  const time = new Date(backup.now).toISOString().replace(/[-:]|\.\d+/g, '');
  const path = join(backup.folder, `tiro-${backup.version}-${time}.db`);
  if (existsSync(path)) return; // made in this very second, before a crash
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  db.prepare('VACUUM INTO ?').run(partial);
  syncFile(partial);
  renameSync(partial, path);
  syncFile(backup.folder);
}

export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
