import type { Database } from 'better-sqlite3';
import { TiroError } from '#core/errors.ts';
import type { BootRow } from '../sqlite/boots.ts';
import { processStarted } from './processes.ts';
import { sqliteCode } from './sqlite-errors.ts';

/**
 * Makes sure that this process can write although another gateway has the home. One that was stopped (SIGSTOP) inside
 * a write keeps the database locked for ever: it is killed, if its pid still is the process that the boots row names.
 * Returns the pids that were killed.
 */
export function freeWriteLock(db: Database): readonly number[] {
  if (canWrite(db)) return [];
  const killed = holders(db).map((boot) => boot.pid);
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  if (canWrite(db)) return killed;
  throw new TiroError(
    'home-locked',
    `Something keeps ${db.name} locked for writing, and it is no gateway of this home that could be named. ` +
      'Find it (for example with: fuser) and end it, then start again.',
  );
}

/** Waits as long as the connection's busy timeout says. */
function canWrite(db: Database): boolean {
  try {
    db.exec('BEGIN IMMEDIATE');
    db.exec('ROLLBACK');
    return true;
  } catch (error) {
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) return false;
    throw error;
  }
}

/** Gateways of this home that did not stop and still live; a pid that was given to another process is left alone. */
function holders(db: Database): readonly BootRow[] {
  const boots = db.prepare<[], BootRow>('SELECT * FROM boots WHERE stopped = 0 ORDER BY epoch DESC').all();
  return boots.filter(
    (boot) =>
      boot.pid !== process.pid &&
      boot.process_started !== null &&
      boot.process_started === processStarted(boot.pid),
  );
}
