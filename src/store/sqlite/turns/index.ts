import type { TurnsPort } from '#core/store/turns.ts';
import type { TurnStatus } from '#core/turn.ts';
import { countByStatus } from '../counts.ts';
import { eventsWhere } from '../events/rows.ts';
import type { Session, Verbs } from '../session.ts';
import { appendToTurn } from './append.ts';
import { claimTurn } from './claim.ts';
import { joinTurn } from './join.ts';
import { deferTurn, redriveTurn, resumeTurn, retryDueTurns } from './life.ts';
import { turnById, turnsWhere } from './rows.ts';
import { stopConversation } from './stop.ts';

const noTurns: Readonly<Record<TurnStatus, number>> = {
  running: 0,
  parked: 0,
  done: 0,
  failed: 0,
  cancelled: 0,
  dead: 0,
};

/** Written out: a partial index is used only where the statement names the status. */
const whereByStatus: Readonly<Record<TurnStatus, string>> = {
  running: `status = 'running'`,
  parked: `status = 'parked'`,
  done: `status = 'done'`,
  failed: `status = 'failed'`,
  cancelled: `status = 'cancelled'`,
  dead: `status = 'dead'`,
};

export function createTurns(session: Session): Verbs<TurnsPort> {
  return {
    claim: (plan) => claimTurn(session, plan),
    join: (input) => joinTurn(session, input),
    orphans: () =>
      turnsWhere(session, `WHERE status = 'running' AND epoch < @epoch ORDER BY seq`, {
        epoch: session.epoch,
      }),
    resume: (input) => resumeTurn(session, input),
    append: (input) => appendToTurn(session, input),
    defer: (input) => deferTurn(session, input),
    retryDue: ({ now }) => retryDueTurns(session, now),
    stop: (input) => stopConversation(session, input),
    redrive: ({ turn }) => redriveTurn(session, turn),
    get: (id) => turnById(session, id),
    eventsOf: (id) => eventsWhere(session, 'WHERE turn = @id ORDER BY seq', { id }),
    list: ({ status, conversation, limit }) => {
      const which = [
        status === null ? 'true' : whereByStatus[status],
        conversation === null ? 'true' : 'conversation = @conversation',
      ];
      return turnsWhere(session, `WHERE ${which.join(' AND ')} ORDER BY seq DESC LIMIT @limit`, {
        conversation,
        limit,
      });
    },
    countByStatus: () => countByStatus(session, 'turns', noTurns),
  };
}
