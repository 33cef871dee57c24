import type { ChatKey, Identity } from '#core/address.ts';
import type { EventLane, EventStatus, FileRef, StoredEvent } from '#core/event.ts';
import type { ConversationId, EventId, TurnId } from '#core/ids.ts';
import type { Role } from '#core/person.ts';
import type { Params, Session } from '../session.ts';

interface Row {
  readonly id: EventId;
  readonly seq: number;
  readonly channel: string;
  readonly platform_id: string;
  readonly kind: StoredEvent['kind'];
  readonly lane: EventLane;
  readonly chat: ChatKey;
  readonly direct: number;
  readonly conversation: ConversationId | null;
  readonly person: string | null;
  readonly role: Role | null;
  readonly identity: Identity;
  readonly name: string;
  readonly text: string;
  readonly files: string;
  readonly message_id: string | null;
  readonly sent_at: number;
  readonly received_at: number;
  readonly coalesce: number;
  readonly approval: number | null;
  readonly status: EventStatus;
  readonly turn: TurnId | null;
  readonly reason: string | null;
}

/** A stored event with what only the queue asks for. */
export interface QueuedEvent extends StoredEvent {
  readonly direct: boolean;
  readonly coalesce: boolean;
  /** The `seq` of the approval that a `decision` event answers. */
  readonly approval: number | null;
}

const columns = `seq, id, channel, platform_id, kind, lane, chat, direct, conversation, person, role, identity, name, text,
  files,
  message_id, sent_at, received_at, coalesce, approval, status, turn, reason`;

/** `tail` is the rest of the statement behind `SELECT … FROM events`. */
export function eventsWhere(session: Session, tail: string, params: Params): readonly StoredEvent[] {
  return session.all<Row>(`SELECT ${columns} FROM events ${tail}`, params).map(toEvent);
}

export function queuedWhere(session: Session, tail: string, params: Params): readonly QueuedEvent[] {
  return session.all<Row>(`SELECT ${columns} FROM events ${tail}`, params).map((row) => ({
    ...toEvent(row),
    direct: row.direct === 1,
    coalesce: row.coalesce === 1,
    approval: row.approval,
  }));
}

function toEvent(row: Row): StoredEvent {
  const files: readonly FileRef[] = row.files === '[]' ? [] : JSON.parse(row.files);
  return {
    id: row.id,
    seq: row.seq,
    channel: row.channel,
    platformId: row.platform_id,
    kind: row.kind,
    lane: row.lane,
    chat: row.chat,
    conversation: row.conversation,
    person: row.person,
    role: row.role,
    identity: row.identity,
    name: row.name,
    text: row.text,
    files,
    messageId: row.message_id,
    sentAt: row.sent_at,
    receivedAt: row.received_at,
    status: row.status,
    turn: row.turn,
    reason: row.reason,
  };
}
