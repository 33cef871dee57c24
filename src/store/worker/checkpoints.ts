import type { Database, Statement } from 'better-sqlite3';
import { sqliteCode } from '../opening/sqlite-errors.ts';

interface TimerPort {
  after(ms: number, run: () => void): () => void;
}

const idleMs = 50;
const worthPages = 1_000;
/** Under load that never pauses the WAL is written back all the same, once it has grown to this. */
const patiencePages = 8_000;
const lookEveryCommits = 8;

export interface Checkpoints {
  /** After each group commit: writes the WAL back once the thread has been idle for a moment. */
  committed(): void;
  /** The last one, at a stop. */
  finish(): void;
}

/** PASSIVE only: it takes what readers allow and waits for nobody. */
export function createCheckpoints(db: Database, timers: TimerPort): Checkpoints {
  const statements = { NOOP: prepare('NOOP'), PASSIVE: prepare('PASSIVE') };
  let cancel: (() => void) | null = null;
  let commits = 0;

  return { committed, finish };

  function prepare(mode: string): Statement<[], { log: number; checkpointed: number }> {
    return db.prepare(`PRAGMA wal_checkpoint(${mode})`);
  }

  function committed(): void {
    commits += 1;
    cancel?.();
    cancel = timers.after(idleMs, () => checkpoint(worthPages));
    if (commits % lookEveryCommits === 0) checkpoint(patiencePages);
  }

  function checkpoint(overPages: number): void {
    if (pagesToWrite('NOOP') > overPages) pagesToWrite('PASSIVE');
  }

  function finish(): void {
    cancel?.();
    pagesToWrite('PASSIVE');
  }

  /** How many pages of the WAL are not in the main file yet. */
  function pagesToWrite(mode: keyof typeof statements): number {
    try {
      const row = statements[mode].get();
      return row === undefined ? 0 : row.log - row.checkpointed;
    } catch (error) {
      // The WAL keeps every row; a disk that refuses now is asked again after the next commit.
      if (sqliteCode(error) !== null) return 0;
      throw error;
    }
  }
}
