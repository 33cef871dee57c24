import type { Database } from 'better-sqlite3';
import { TiroError } from '#core/errors.ts';
import type { CommitNote } from '#core/store/store.ts';
import { isDamaged, isRefusedByDisk, toStoreError } from '../opening/sqlite-errors.ts';
import { type Answer, toPlainError } from '../protocol.ts';
import { requireNewestEpoch } from '../sqlite/boots.ts';
import { type NoteDraft, type Session, emptyNote } from '../sqlite/session.ts';
import { turnById } from '../sqlite/turns/rows.ts';

export interface Write {
  readonly id: number;
  run(): unknown;
}

export interface Committed {
  readonly answers: readonly Answer[];
  /** Null when nothing was stored. */
  readonly note: CommitNote | null;
  /** Why the store can not go on, or null. */
  readonly fatal: unknown;
  /** Why the disk took nothing, in words, or null. */
  readonly refusal: string | null;
}

/**
 * Group commit: BEGIN → is this still the newest epoch? → each write in its own savepoint → COMMIT (one fsync).
 * A write that fails undoes itself alone. When the disk refuses, the whole group is undone and told so; the next
 * group tries again.
 */
export function createGroupCommit(db: Database, session: Session): (writes: readonly Write[]) => Committed {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT one_write');
  const release = db.prepare('RELEASE one_write');
  const undo = db.prepare('ROLLBACK TO one_write');

  return (writes) => {
    try {
      begin.run();
      requireNewestEpoch(session);
      const note = emptyNote();
      const answers = writes.map((write) => runOne(write, note));
      const told = toCommitNote(session, note);
      commit.run();
      return { answers, note: told, fatal: null, refusal: null };
    } catch (error) {
      if (db.inTransaction) rollback.run();
      return refuseAll(writes, toStoreError(error, db.name));
    }
  };

  function runOne(write: Write, note: NoteDraft): Answer {
    session.note = emptyNote();
    savepoint.run();
    try {
      const value = write.run();
      release.run();
      merge(note, session.note);
      return { id: write.id, ok: true, value };
    } catch (error) {
      // SQLite may have rolled the whole transaction back by itself: then the earlier writes are gone too.
      if (!db.inTransaction || isRefusedByDisk(error) || isDamaged(error)) throw error;
      undo.run();
      release.run();
      return { id: write.id, ok: false, error: toPlainError(error) };
    }
  }
}

function refuseAll(writes: readonly Write[], error: unknown): Committed {
  const plain = toPlainError(error);
  const isFatal = error instanceof TiroError && (error.code === 'fenced' || error.code === 'store-corrupt');
  return {
    answers: writes.map((write) => ({ id: write.id, ok: false, error: plain })),
    note: null,
    fatal: isFatal ? error : null,
    refusal: plain.code === 'store-unavailable' ? plain.message : null,
  };
}

function merge(note: NoteDraft, added: NoteDraft): void {
  for (const step of added.steps) note.steps.push(step);
  for (const conversation of added.queued) note.queued.add(conversation);
  for (const queue of added.wake) note.wake.add(queue);
  for (const turn of added.turns) note.turns.add(turn);
}

function toCommitNote(session: Session, note: NoteDraft): CommitNote {
  const turns = [...note.turns].map((id) => turnById(session, id)).filter((turn) => turn !== null);
  return { steps: note.steps, queued: [...note.queued], wake: [...note.wake], turns };
}
