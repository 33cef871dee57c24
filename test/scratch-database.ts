import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { migrate, readMigrations } from '#store/opening/migrate.ts';

/** Tiro's schema in memory with epoch 1 begun: for tests of single statements, without thread or file. */
export function openScratch(): Database.Database {
  const db = new Database(':memory:');
  const folder = fileURLToPath(new URL('../src/store/migrations/', import.meta.url));
  migrate(db, { migrations: readMigrations(folder), backupDir: '/nonexistent', now: 0 });
  db.exec('INSERT INTO boots (pid, started_at) VALUES (1, 0)');
  return db;
}
