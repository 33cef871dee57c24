import { TiroError } from '#core/errors.ts';
import type { Step } from '#core/step.ts';
import type { Append, NewApproval } from '#core/store/turns.ts';
import type { Turn, TurnStatus } from '#core/turn.ts';
import { countPending, insertApproval, voidApprovals } from '../approvals.ts';
import { refreshQueue } from '../events/queue.ts';
import { insertDeliveries } from '../outbox/insert.ts';
import { type Session, flag } from '../session.ts';
import { settleSpend } from '../spend.ts';
import { insertStep } from '../steps.ts';
import { requireRunning } from './rows.ts';

/** One moment of a turn: steps, asks, deliveries, money and, at the end, the end; all or nothing. */
export function appendToTurn(session: Session, input: Append): readonly Step[] {
  const turn = requireRunning(session, input.turn);
  const { at, end } = input;
  const steps = input.steps.map((body) =>
    insertStep(session, { conversation: turn.conversation, turn: turn.id, at, body, key: null }),
  );
  for (const approval of input.approvals) ask(session, turn, { approval, at });
  insertDeliveries(session, input.deliveries, { turn: turn.id, conversation: turn.conversation, at });
  if (input.settle !== null) settleSpend(session, input.settle, at);
  if (end !== null) return [...steps, endTurn(session, turn, { ...end, at })];
  if (steps.length > 0 || input.seal) {
    session.run(
      'UPDATE turns SET attempts = iif(@moved, 0, attempts), sealed = max(sealed, @seal) WHERE id = @id',
      {
        id: turn.id,
        moved: flag(steps.length > 0),
        seal: flag(input.seal),
      },
    );
  }
  return steps;
}

function ask(
  session: Session,
  turn: Turn,
  input: { readonly approval: NewApproval; readonly at: number },
): void {
  if (insertApproval(session, turn, input)) return;
  throw new TiroError('conflict', `The approval id ${input.approval.id} is in use; make another one.`);
}

export interface TurnEnd {
  readonly status: Exclude<TurnStatus, 'running'>;
  readonly reason: string | null;
  readonly at: number;
  readonly takenBack?: true;
}

/** Ends a running turn and its events with it, and lets the conversation's queue go on. */
export function endTurn(session: Session, turn: Turn, end: TurnEnd): Step {
  const { reason, at } = end;
  const status = end.status === 'parked' && isAnswered(session, turn) ? 'done' : end.status;
  const step = insertStep(session, {
    conversation: turn.conversation,
    turn: turn.id,
    at,
    body: { kind: 'end', status, reason, ...(end.takenBack === true ? { takenBack: true } : {}) },
    key: null,
  });
  session.run(
    `UPDATE turns SET status = @status, reason = @reason, ended_at = @at, sealed = 1, deferred = 0, attempts = iif(@status = 'dead', attempts, 0)
     WHERE id = @id`,
    { id: turn.id, status, reason, at },
  );
  session.run(
    `UPDATE events SET status = @status, reason = @reason WHERE turn = @turn AND status = 'running'`,
    {
      turn: turn.id,
      status: status === 'dead' ? 'dead' : 'done',
      reason,
    },
  );
  if (status === 'failed' || status === 'cancelled' || status === 'dead') {
    voidApprovals(session, { turn: turn.id, conversation: null, reason: `the turn was ${status}`, at });
  }
  session.note.turns.add(turn.id);
  session.note.wake.add('turns');
  refreshQueue(session, turn.conversation, turn.person);
  return step;
}

/** Every ask of the turn was decided before it could park: nobody is waited for. */
function isAnswered(session: Session, turn: Turn): boolean {
  const asks = session.get<{ n: number }>('SELECT count(*) AS n FROM approvals WHERE turn = @turn', {
    turn: turn.id,
  });
  return asks !== null && asks.n > 0 && countPending(session, turn.id) === 0;
}
