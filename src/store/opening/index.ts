import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { TiroError, messageOf } from '#core/errors.ts';
import type { OpenOptions } from '../protocol.ts';
import { openDatabase } from './database.ts';
import { type HomeLock, createHomeLock } from './home-lock.ts';
import { corrupt, inspect, latestBoot } from './inspect.ts';
import { type Migration, migrate, syncFile } from './migrate.ts';
import { processStarted } from './processes.ts';
import { isDamaged, isRefusedByDisk, sqliteCode } from './sqlite-errors.ts';
import { freeWriteLock } from './takeover.ts';

/** Another writer is waited for this long: a checkpoint of a tool, a gateway that is being taken over. */
const busyMs = 5_000;

export interface OpenedHome {
  readonly db: Database.Database;
  readonly lock: HomeLock;
  readonly epoch: number;
  readonly migrated: readonly string[];
  readonly killed: readonly number[];
}

/**
 * lock (or takeover) → look, read-only → open, pragmas → migrate → a row in boots: the new epoch.
 * Contract: throws `home-locked`, `store-corrupt`, `schema-newer` or `store-unavailable` in words for the owner; then
 * nothing is open any more and the home is as it was.
 */
export function openHome(options: OpenOptions, migrations: readonly Migration[]): OpenedHome {
  const lock = createHomeLock(options.lockFile);
  try {
    const held = lock.take(options.takeover ? 0 : options.lockWaitMs);
    if (!held && !options.takeover) throw locked(options.file);
    inspect(options.file, { version: migrations.length, backupDir: options.backupDir });
    return { lock, ...openAsNewest(options, migrations) };
  } catch (error) {
    lock.release();
    if (isDamaged(error)) throw corrupt(options.file, options.backupDir, messageOf(error));
    if (isRefusedByDisk(error)) throw refused(options.file, error);
    throw error;
  }
}

/** A new file gets its name when its first page is on the disk: one that is empty was not made here, so it is never taken for new. */
function make(file: string): void {
  const begun = `${file}.new`;
  rmSync(begun, { force: true });
  openDatabase(begun, 0).close();
  syncFile(begun);
  renameSync(begun, file);
  syncFile(dirname(file));
}

function openAsNewest(options: OpenOptions, migrations: readonly Migration[]): Omit<OpenedHome, 'lock'> {
  if (!existsSync(options.file)) make(options.file);
  const db = openDatabase(options.file, options.takeover ? options.lockWaitMs : busyMs);
  try {
    const killed = options.takeover && existsBoots(db) ? freeWriteLock(db) : [];
    db.pragma(`busy_timeout = ${busyMs}`);
    const migrated = migrate(db, { migrations, backupDir: options.backupDir, now: options.startedAt });
    const boot = db
      .prepare('INSERT INTO boots (pid, process_started, started_at) VALUES (?, ?, ?)')
      .run(process.pid, processStarted(process.pid), options.startedAt);
    return { db, epoch: Number(boot.lastInsertRowid), migrated, killed };
  } catch (error) {
    db.close();
    throw error;
  }
}

function existsBoots(db: Database.Database): boolean {
  return Number(db.pragma('user_version', { simple: true })) > 0;
}

function locked(file: string): TiroError {
  const pid = holderOf(file);
  const who = pid === null ? 'Another gateway' : `Another gateway (process ${pid})`;
  return new TiroError(
    'home-locked',
    `${who} is using this home. Stop it first, or start with --takeover to take the home from it.`,
  );
}

function refused(file: string, error: unknown): TiroError {
  const why = `${messageOf(error)} (${sqliteCode(error) ?? 'unknown'})`;
  const words = `The database ${file} cannot be opened for writing: ${why}. Look at the disk, then start again.`;
  return new TiroError('store-unavailable', words, { cause: error });
}

function holderOf(file: string): number | null {
  if (!existsSync(file)) return null;
  let db: Database.Database | null = null;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
    return latestBoot(db)?.pid ?? null;
  } catch {
    return null; // the other one is just making the file: its name is not known yet
  } finally {
    db?.close();
  }
}
