import type { ConversationId, TurnId } from '#core/ids.ts';
import type { TurnsPort } from '#core/store/turns.ts';
import type { Turn } from '#core/turn.ts';
import { refreshQueue } from '../events/queue.ts';
import { type Session, flag } from '../session.ts';
import { requireRunning, turnById, turnsWhere } from './rows.ts';

type Input<V extends keyof TurnsPort> = Parameters<TurnsPort[V]>[0];

/**
 * An orphan goes on in this epoch. The crashed attempt is charged only to a turn that ran alone; one that waited for
 * its next try when the process ended was not in an attempt, so nothing is taken back.
 */
export function resumeTurn(session: Session, input: Input<'resume'>): Turn | null {
  const { turn: id, solo, at } = input;
  nobodyAlone(session);
  const resumed = session.run(
    `UPDATE turns SET epoch = @epoch, attempts = iif(solo = 1 OR deferred = 1, attempts, max(attempts - 1, 0)) + 1,
       solo = @solo, deferred = 0, due_at = @at
     WHERE id = @id AND status = 'running' AND epoch < @epoch`,
    { id, solo: flag(solo), at, epoch: session.epoch },
  );
  if (resumed === 0) return null;
  session.note.turns.add(id);
  return turnById(session, id);
}

/** Another turn starts: whatever ran alone until now does so no longer, and a crash is not charged to it. */
export function nobodyAlone(session: Session): void {
  session.run(
    `UPDATE turns INDEXED BY turns_running SET solo = 0 WHERE status = 'running' AND solo = 1 AND epoch = @epoch`,
    { epoch: session.epoch },
  );
}

export function deferTurn(session: Session, input: Input<'defer'>): void {
  const { turn: id, dueAt, reason } = input;
  requireRunning(session, id);
  session.run('UPDATE turns SET deferred = 1, due_at = @dueAt, reason = @reason WHERE id = @id', {
    id,
    dueAt,
    reason,
  });
  session.note.turns.add(id);
  session.note.wake.add('turns');
}

/** Longer than a turn is ever put off: beyond it the wall clock went back, and the turn must not wait for it. */
const longestWaitMs = 5 * 60_000;

export function retryDueTurns(session: Session, now: number): readonly Turn[] {
  const due = turnsWhere(
    session,
    `INDEXED BY turns_running WHERE status = 'running' AND deferred = 1 AND epoch IN (@epoch)
       AND (due_at <= @now OR due_at > @now + @longestWaitMs) ORDER BY due_at, seq`,
    { epoch: session.epoch, now, longestWaitMs },
  );
  if (due.length > 0) nobodyAlone(session);
  return due.map((turn) => {
    session.run('UPDATE turns SET deferred = 0, attempts = attempts + 1 WHERE id = @id', { id: turn.id });
    session.note.turns.add(turn.id);
    return { ...turn, attempts: turn.attempts + 1 };
  });
}

/**
 * The events of a turn that was given up become new work; the turn keeps its steps and is not redriven twice.
 * A decision whose plan has begun to act stays as it is: its effect must not happen again without being asked for.
 */
export function redriveTurn(session: Session, id: TurnId): boolean {
  const turn = turnById(session, id);
  if (turn === null || (turn.status !== 'dead' && turn.status !== 'failed')) return false;
  const acted = session.get(
    `SELECT 1 FROM events JOIN steps ON steps.turn = events.turn AND json_extract(steps.body, '$.kind') = 'intent'
     WHERE events.turn = @id AND events.kind = 'decision' LIMIT 1`,
    { id },
  );
  if (acted !== null) return false;
  const conversations = session.all<{ conversation: ConversationId }>(
    'SELECT DISTINCT conversation FROM events WHERE turn = @id AND conversation IS NOT NULL',
    { id },
  );
  const queued = session.run(
    `UPDATE events SET status = 'queued', turn = NULL, reason = NULL, kept = 1 WHERE turn = @id`,
    { id },
  );
  if (queued === 0) return false;
  session.run(`UPDATE turns SET status = 'cancelled', reason = @reason WHERE id = @id`, {
    id,
    reason: `redriven; it was ${turn.status}: ${turn.reason ?? 'no reason given'}`,
  });
  session.note.turns.add(id);
  for (const { conversation } of conversations) {
    refreshQueue(session, conversation);
    session.note.queued.add(conversation);
  }
  return true;
}
