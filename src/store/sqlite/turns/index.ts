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

/** The rows of a status by its partial index, where there is one: a few among many must not be looked for one by one. */
const rowsByStatus: Readonly<Record<TurnStatus, string>> = {
  running: `INDEXED BY turns_running WHERE status = 'running'`,
  parked: `INDEXED BY turns_flagged WHERE status = 'parked'`,
  done: `WHERE status = 'done'`,
  failed: `INDEXED BY turns_flagged WHERE status = 'failed'`,
  cancelled: `INDEXED BY turns_flagged WHERE status = 'cancelled'`,
  dead: `INDEXED BY turns_flagged WHERE status = 'dead'`,
};

export function createTurns(session: Session): Verbs<TurnsPort> {
  return {
    claim: (plan) => claimTurn(session, plan),
    join: (input) => joinTurn(session, input),
    orphans: () =>
      turnsWhere(
        session,
        `INDEXED BY turns_running WHERE status = 'running' AND epoch < @epoch ORDER BY seq`,
        {
          epoch: session.epoch,
        },
      ),
    resume: (input) => resumeTurn(session, input),
    append: (input) => appendToTurn(session, input),
    defer: (input) => deferTurn(session, input),
    retryDue: ({ now }) => retryDueTurns(session, now),
    stop: (input) => stopConversation(session, input),
    redrive: ({ turn }) => redriveTurn(session, turn),
    get: (id) => turnById(session, id),
    eventsOf: (id) => eventsWhere(session, 'WHERE turn = @id ORDER BY seq', { id }),
    list: ({ status, conversation, limit }) => {
      const here = conversation === null ? '' : 'AND conversation = @conversation';
      const rows = status === null ? 'WHERE true' : rowsByStatus[status];
      return turnsWhere(session, `${rows} ${here} ORDER BY seq DESC LIMIT @limit`, { conversation, limit });
    },
    countByStatus: () => countByStatus(session, 'turns', noTurns),
  };
}
