import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { TiroError, messageOf } from '#core/errors.ts';
import type { BootRow } from '../sqlite/boots.ts';
import { isDamaged, rescue, sqliteCode } from './sqlite-errors.ts';

/** A check of the whole file takes time in proportion: a start must stay fast. */
const checkedUpToBytes = 64 * 1024 * 1024;

export interface Inspection {
  /** The file's schema version; 0 is a new file. */
  readonly version: number;
  readonly lastBoot: BootRow | null;
}

const newFile: Inspection = { version: 0, lastBoot: null };

/**
 * Looks at a database without changing it. Contract: throws `store-corrupt` for a damaged one, `schema-newer` for one
 * that a later Tiro has written.
 */
export function inspect(
  file: string,
  known: { readonly version: number; readonly backupDir: string },
): Inspection {
  try {
    return look(file, known);
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_READONLY_ROLLBACK') throw error;
  }
  undoUnfinished(file);
  return look(file, known);
}

function look(file: string, known: { readonly version: number; readonly backupDir: string }): Inspection {
  if (!existsSync(file) && !isFilled(`${file}-wal`)) return newFile;
  // SQLite would play what an old log says into a new file.
  if (!existsSync(file)) throw corrupt(file, known.backupDir, 'it is gone, and only its log is left');
  if (statSync(file).size === 0) throw corrupt(file, known.backupDir, 'it is empty');
  let db: Database.Database | null = null;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
    const found = read(db);
    if (found.version > known.version) throw newerSchema(file, found.version, known.version);
    if (found.lastBoot?.stopped !== 1 && statSync(file).size < checkedUpToBytes)
      check(db, file, known.backupDir);
    return found;
  } catch (error) {
    throw isDamaged(error) ? corrupt(file, known.backupDir, messageOf(error)) : error;
  } finally {
    db?.close();
  }
}

function isFilled(file: string): boolean {
  return existsSync(file) && statSync(file).size > 0;
}

/**
 * Until a new file is in WAL mode its changes stand in a journal beside it. A start that was cut off there has left one,
 * and SQLite reads nothing before it was allowed to undo what the journal says.
 */
function undoUnfinished(file: string): void {
  const db = new Database(file, { fileMustExist: true, timeout: 5_000 });
  try {
    db.pragma('user_version');
  } finally {
    db.close();
  }
}

function read(db: Database.Database): Inspection {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version === 0) return newFile;
  return { version, lastBoot: latestBoot(db) };
}

export function latestBoot(db: Database.Database): BootRow | null {
  const row = db.prepare<[], BootRow>('SELECT * FROM boots ORDER BY epoch DESC LIMIT 1').get();
  return row ?? null;
}

function check(db: Database.Database, file: string, backupDir: string): void {
  const verdict = String(db.pragma('quick_check(1)', { simple: true }));
  if (verdict !== 'ok') throw corrupt(file, backupDir, verdict);
}

function newerSchema(file: string, found: number, ours: number): TiroError {
  return new TiroError(
    'schema-newer',
    `The database ${file} has schema ${found}; this Tiro knows up to schema ${ours}. ` +
      'Nothing was changed. Start the newer Tiro again, or restore a backup made by this one.',
  );
}

export function corrupt(file: string, backupDir: string, why: string): TiroError {
  return new TiroError(
    'store-corrupt',
    `The database ${file} is damaged (${why.replace(/\s+/g, ' ').trim()}). It was opened read-only and nothing was changed. ` +
      `Restore the newest file of ${backupDir}, or ${rescue(file)}`,
  );
}
