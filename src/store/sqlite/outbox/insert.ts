import type { DeliveryBody, NewDelivery } from '#core/delivery.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import { type Session, flag } from '../session.ts';
import { refreshHead } from './heads.ts';
import { type OutboxRow, rowById } from './rows.ts';

export interface Origin {
  readonly turn: TurnId | null;
  readonly conversation: ConversationId | null;
  readonly at: number;
}

/** Puts rows at the end of their chats' order. A key that is there already drops the row. */
export function insertDeliveries(session: Session, deliveries: readonly NewDelivery[], origin: Origin): void {
  for (const delivery of deliveries) {
    insertRow(session, fitToPreview(session, delivery), {
      ...origin,
      position: null,
      repeated: false,
    });
  }
  for (const chat of new Set(deliveries.map((delivery) => delivery.chat))) refreshHead(session, chat);
}

/** Stores one row without looking at its chat's head. `position` null is the end. */
export function insertRow(
  session: Session,
  delivery: NewDelivery,
  at: Origin & { readonly position: number | null; readonly repeated: boolean },
): void {
  const last = session.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM outbox');
  const seq = (last?.seq ?? 0) + 1;
  session.run(
    `INSERT INTO outbox (seq, id, key, chat, channel, turn, conversation, kind, target, body, preview, position,
       status, due_at, created_at, repeated)
     VALUES (@seq, @id, @key, @chat, @channel, @turn, @conversation, @kind, @target, @body, @preview, @position,
       'queued', @at, @at, @repeated)
     ON CONFLICT (key) DO NOTHING`,
    {
      seq,
      id: delivery.id,
      key: delivery.key,
      chat: delivery.chat,
      channel: delivery.chat.slice(0, delivery.chat.indexOf(':')),
      turn: at.turn,
      conversation: at.conversation,
      kind: delivery.body.kind,
      target: targetOf(delivery.body),
      body: JSON.stringify(delivery.body),
      preview: flag(delivery.preview),
      position: at.position ?? seq,
      at: at.at,
      repeated: flag(at.repeated),
    },
  );
}

export function targetOf(body: DeliveryBody): string | null {
  return body.kind === 'edit' || body.kind === 'delete' ? body.target : null;
}

/**
 * The final text of a previewed answer is an edit of the preview, and preview edits that still wait are void.
 * A preview that no platform has ever been shown is withdrawn, and the edit goes out as the message itself.
 */
function fitToPreview(session: Session, delivery: NewDelivery): NewDelivery {
  const { body } = delivery;
  if (body.kind !== 'edit' || delivery.preview || isKnownKey(session, delivery.key)) return delivery;
  const target = currentRow(session, body.target);
  if (target === null || !target.preview) return delivery;
  session.run('UPDATE outbox SET replaced = 1 WHERE id = @id', { id: target.id });
  session.run(
    `UPDATE outbox SET status = 'cancelled', head = 0, reason = 'the final text came'
     WHERE target IN (@target, @asked) AND target IS NOT NULL AND status = 'queued' AND preview = 1`,
    { target: target.id, asked: body.target },
  );
  if (target.status !== 'queued' || target.triedBy !== null || target.body.kind !== 'message') {
    return { ...delivery, body: { ...body, target: target.id } };
  }
  session.run(
    `UPDATE outbox SET status = 'cancelled', head = 0, reason = 'the final text came first' WHERE id = @id`,
    { id: target.id },
  );
  const { markdown, text, dialect, buttons } = body;
  return {
    ...delivery,
    body: { kind: 'message', markdown, text, dialect, replyTo: target.body.replyTo, buttons },
  };
}

function isKnownKey(session: Session, key: string): boolean {
  return session.get('SELECT 1 FROM outbox WHERE key = @key', { key }) !== null;
}

/** The row that stands for a delivery now: itself, or what replaced it. */
export function currentRow(session: Session, id: string): OutboxRow | null {
  const row = rowById(session, id);
  return row === null || row.heir === null ? row : currentRow(session, row.heir);
}
