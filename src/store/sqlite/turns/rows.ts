import type { ChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { Role } from '#core/person.ts';
import type { Turn, TurnStatus } from '#core/turn.ts';
import type { Params, Session } from '../session.ts';

interface Row {
  readonly id: TurnId;
  readonly conversation: ConversationId;
  readonly chat: ChatKey;
  readonly direct: number;
  readonly person: string;
  readonly role: Role;
  readonly status: TurnStatus;
  readonly epoch: number;
  readonly attempts: number;
  readonly solo: number;
  readonly sealed: number;
  readonly due_at: number;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly reason: string | null;
}

const columns = `id, conversation, chat, direct, person, role, status, epoch, attempts, solo, sealed, due_at, started_at,
  ended_at, reason`;

/** `tail` is the rest of the statement behind `SELECT … FROM turns`. */
export function turnsWhere(session: Session, tail: string, params: Params): readonly Turn[] {
  return session.all<Row>(`SELECT ${columns} FROM turns ${tail}`, params).map(toTurn);
}

export function turnById(session: Session, id: TurnId): Turn | null {
  return turnsWhere(session, 'WHERE id = @id', { id })[0] ?? null;
}

/** The turn, if it runs in this epoch; else whoever writes for it has lost it. */
export function requireRunning(session: Session, id: TurnId): Turn {
  const turn = turnById(session, id);
  if (turn !== null && turn.status === 'running' && turn.epoch === session.epoch) return turn;
  throw new TiroError('fenced', `The turn ${id} does not run here any more.`);
}

function toTurn(row: Row): Turn {
  return {
    id: row.id,
    conversation: row.conversation,
    chat: row.chat,
    direct: row.direct === 1,
    person: row.person,
    role: row.role,
    status: row.status,
    epoch: row.epoch,
    attempts: row.attempts,
    solo: row.solo === 1,
    sealed: row.sealed === 1,
    dueAt: row.due_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    reason: row.reason,
  };
}
