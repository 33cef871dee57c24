import type { ChatKey } from '#core/address.ts';
import type { Delivery, DeliveryBody, DeliveryStatus } from '#core/delivery.ts';
import type { ConversationId, DeliveryId, TurnId } from '#core/ids.ts';
import type { Params, Session } from '../session.ts';

interface Row {
  readonly seq: number;
  readonly id: DeliveryId;
  readonly key: string;
  readonly chat: ChatKey;
  readonly turn: TurnId | null;
  readonly conversation: ConversationId | null;
  readonly body: string;
  readonly preview: number;
  readonly position: number;
  readonly status: DeliveryStatus;
  readonly epoch: number | null;
  readonly halted: number;
  readonly replaced: number;
  readonly replaced_by: DeliveryId | null;
  readonly attempts: number;
  readonly due_at: number;
  readonly created_at: number;
  readonly sent_at: number | null;
  readonly platform_id: string | null;
  readonly target_platform_id: string | null;
  readonly repeated: number;
  readonly reason: string | null;
}

/** A delivery with what only the outbox's own statements ask for. */
export interface OutboxRow extends Delivery {
  readonly seq: number;
  readonly position: number;
  /** The boot that called the platform last, or null: then nothing can have been shown. */
  readonly triedBy: number | null;
  readonly halted: boolean;
  /** A preview whose final text is a row. */
  readonly replaced: boolean;
  /** The row that took its place. */
  readonly heir: DeliveryId | null;
}

/** `tail` is the rest of the statement behind `SELECT … FROM outbox`. */
export function rowsWhere(session: Session, tail: string, params: Params): readonly OutboxRow[] {
  return session.all<Row>(`SELECT * FROM outbox ${tail}`, params).map((row) => ({
    ...toDelivery(row),
    seq: row.seq,
    position: row.position,
    triedBy: row.epoch,
    halted: row.halted === 1,
    replaced: row.replaced === 1,
    heir: row.replaced_by,
  }));
}

export function deliveriesWhere(session: Session, tail: string, params: Params): readonly Delivery[] {
  return session.all<Row>(`SELECT * FROM outbox ${tail}`, params).map(toDelivery);
}

export function rowById(session: Session, id: string): OutboxRow | null {
  return rowsWhere(session, 'WHERE id = @id', { id })[0] ?? null;
}

function toDelivery(row: Row): Delivery {
  // Built from types of core by our own code before it was stored.
  const body: DeliveryBody = JSON.parse(row.body);
  return {
    id: row.id,
    key: row.key,
    chat: row.chat,
    body,
    preview: row.preview === 1,
    turn: row.turn,
    conversation: row.conversation,
    status: row.status,
    attempts: row.attempts,
    dueAt: row.due_at,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    platformId: row.platform_id,
    targetPlatformId: row.target_platform_id,
    repeated: row.repeated === 1,
    reason: row.reason,
  };
}
