import Database from 'better-sqlite3';
import { sqliteCode } from './sqlite-errors.ts';

/**
 * One gateway per home: an exclusive lock on a file of its own, which the operating system frees with the process.
 * Nothing else of this process may open and close that file: POSIX locks fall with the first descriptor closed.
 */
export interface HomeLock {
  /** Tries once, waiting up to `waitMs`; true when the lock is held. */
  take(waitMs: number): boolean;
  isHeld(): boolean;
  release(): void;
}

export function createHomeLock(lockFile: string): HomeLock {
  const db = new Database(lockFile);
  return { take, isHeld: () => db.inTransaction, release: () => db.close() };

  function take(waitMs: number): boolean {
    if (db.inTransaction) return true;
    db.pragma(`busy_timeout = ${Math.max(0, Math.round(waitMs))}`);
    try {
      db.exec('BEGIN EXCLUSIVE');
      return true;
    } catch (error) {
      if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) return false;
      throw error;
    }
  }
}
