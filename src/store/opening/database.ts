import Database from 'better-sqlite3';

/** The WAL is written back when the thread is idle (see worker/checkpoints.ts), not inside somebody's commit. */
const pragmas = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'foreign_keys = ON',
  'wal_autocheckpoint = 0',
  // What undoes a savepoint is kept in memory, not in a file under /var/tmp: that was more than half of all writes.
  'temp_store = MEMORY',
  // Pages that are not here are in the system's cache. The build's own limit, 16 MB, is memory that fills as the file grows.
  'cache_size = -4000',
];

/** Opens the file for writing, as durable as SQLite can, and makes sure of it. */
export function openDatabase(file: string, busyMs: number): Database.Database {
  const db = new Database(file, { timeout: busyMs });
  for (const pragma of pragmas) db.pragma(pragma);
  // better-sqlite3 reopens a WAL file with NORMAL, which may lose the last commits at a power cut.
  require(db, 'synchronous', 2);
  require(db, 'foreign_keys', 1);
  require(db, 'journal_mode', 'wal');
  return db;
}

function require(db: Database.Database, pragma: string, wanted: string | number): void {
  const found = db.pragma(pragma, { simple: true });
  if (found === wanted) return;
  db.close();
  throw new Error(`SQLite reports ${pragma} = ${String(found)} where ${wanted} was set.`);
}
