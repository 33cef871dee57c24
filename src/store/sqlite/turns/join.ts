import type { Step } from '#core/step.ts';
import type { TurnsPort } from '#core/store/turns.ts';
import { refreshQueue } from '../events/queue.ts';
import type { Session } from '../session.ts';
import { insertStep } from '../steps.ts';
import { inputOf, joinable, queuedOf } from './claim.ts';
import { turnById } from './rows.ts';

type JoinInput = Parameters<TurnsPort['join']>[0];

/** Events that wait behind a running turn become its `input` steps; the limits count what it has already. */
export function joinTurn(session: Session, input: JoinInput): readonly Step[] {
  const turn = turnById(session, input.turn);
  if (turn === null || turn.status !== 'running' || turn.epoch !== session.epoch) return [];
  if (turn.sealed && !input.steer) return [];
  const had = session.get<{ events: number; chars: number; alone: number }>(
    `SELECT count(*) AS events, total(length(text)) AS chars, min(coalesce) = 0 AS alone FROM events WHERE turn = @turn`,
    { turn: turn.id },
  );
  if (had === null || had.alone === 1) return [];
  const room = { events: input.maxEvents - had.events, chars: input.maxChars - had.chars };
  if (room.events <= 0) return [];
  const limit = input.arrivedBefore ?? Number.POSITIVE_INFINITY;
  const queued = queuedOf(session, turn.conversation, room.events);
  const late = queued.findIndex((event) => event.receivedAt >= limit);
  const joining = joinable(late < 0 ? queued : queued.slice(0, late), turn, room);
  if (joining.length === 0) return [];
  const steps = joining.map((event) => {
    session.run(`UPDATE events SET status = 'running', turn = @turn WHERE seq = @seq`, {
      turn: turn.id,
      seq: event.seq,
    });
    const { conversation, id } = turn;
    return insertStep(session, { conversation, turn: id, at: input.at, body: inputOf(event), key: null });
  });
  session.run('UPDATE turns SET attempts = 0 WHERE id = @id', { id: turn.id });
  session.note.turns.add(turn.id);
  refreshQueue(session, turn.conversation);
  return steps;
}
