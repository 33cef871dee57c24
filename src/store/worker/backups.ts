import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { syncFile } from '../opening/migrate.ts';
import { toStoreError } from '../opening/sqlite-errors.ts';
import { type Answer, type Report, toPlainError } from '../protocol.ts';

const pagesAtOnce = 256;

export interface Backups {
  /** Copies page by page between the group commits; what is committed meanwhile is in the copy too. */
  start(id: number, path: string): void;
  /** Resolves when no copy is under way. */
  finish(): Promise<void>;
}

export function createBackups(db: Database, post: (report: Report) => void): Backups {
  const running = new Set<Promise<void>>();

  return {
    start: (id, path) => {
      const copy = copyDatabase(db, path).then(
        () => answer({ id, ok: true, value: null }),
        (error: unknown) => answer({ id, ok: false, error: toPlainError(toStoreError(error, db.name)) }),
      );
      running.add(copy);
      void copy.finally(() => running.delete(copy));
    },
    finish: async () => {
      await Promise.all(running);
    },
  };

  function answer(one: Answer): void {
    post({ type: 'answers', note: null, answers: [one] });
  }
}

/** It bears its name only when it is complete. An older file there is replaced. */
async function copyDatabase(db: Database, path: string): Promise<void> {
  const partial = `${path}.partial`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(partial, { force: true });
  try {
    await db.backup(partial, { progress: () => pagesAtOnce });
    syncFile(partial);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true }); // half a copy would only make a full disk fuller
    throw error;
  }
  syncFile(dirname(path));
}
