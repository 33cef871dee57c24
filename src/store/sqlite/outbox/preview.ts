import { TiroError } from '#core/errors.ts';
import type { Delivery, NewDelivery } from '#core/delivery.ts';
import type { DeliveryId, TurnId } from '#core/ids.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import type { Session } from '../session.ts';
import { requireRunning } from '../turns/rows.ts';
import { refreshHead } from './heads.ts';
import { currentRow, insertRow } from './insert.ts';
import { type OutboxRow, deliveriesWhere, rowsWhere } from './rows.ts';

type PreviewInput = Parameters<OutboxPort['preview']>[0];

/** first text → the preview row, and the turn is sealed; every later text → the one edit of it that waits. */
export function putPreview(session: Session, input: PreviewInput): DeliveryId {
  const turn = requireRunning(session, input.turn);
  const origin = { turn: turn.id, conversation: turn.conversation, at: input.at };
  const shown = latestPreview(session, turn.id);
  if (shown !== null) {
    editPreview(session, shown, input);
    return shown.id;
  }
  insertRow(session, { ...input.first, preview: true }, { ...origin, position: null, repeated: false });
  session.run('UPDATE turns SET sealed = 1 WHERE id = @id', { id: turn.id });
  refreshHead(session, input.first.chat);
  const stored = rowsWhere(session, 'WHERE key = @key', { key: input.first.key })[0];
  if (stored === undefined) throw new TiroError('conflict', 'The preview was not stored.');
  return stored.id;
}

function editPreview(session: Session, shown: OutboxRow, input: PreviewInput): void {
  const { body } = input.edit;
  if (body.kind !== 'edit') throw new TiroError('bad-input', 'A preview is changed by an edit.');
  const edit: NewDelivery = { ...input.edit, preview: true, body: { ...body, target: shown.id } };
  const waiting = session.get<{ seq: number }>(
    `SELECT seq FROM outbox
     WHERE target = @target AND target IS NOT NULL AND status = 'queued' AND preview = 1
     ORDER BY seq DESC LIMIT 1`,
    { target: shown.id },
  );
  if (waiting !== null) {
    session.run('UPDATE outbox SET body = @body WHERE seq = @seq', {
      seq: waiting.seq,
      body: JSON.stringify(edit.body),
    });
    return;
  }
  insertRow(session, edit, {
    turn: shown.turn,
    conversation: shown.conversation,
    at: input.at,
    position: null,
    repeated: false,
  });
  refreshHead(session, shown.chat);
}

/** The preview that stands in the chat, or will, and that no final text has replaced. */
function latestPreview(session: Session, turn: TurnId): OutboxRow | null {
  const row = rowsWhere(session, `${previewTail} LIMIT 1`, { turn })[0];
  if (row === undefined) return null;
  const current = currentRow(session, row.id);
  if (current === null || current.replaced) return null;
  return current.status === 'dead' || current.status === 'cancelled' ? null : current;
}

const previewTail = `WHERE turn = @turn AND preview = 1 AND replaced = 0 AND kind = 'message' ORDER BY seq DESC`;

export function previewOf(session: Session, turn: TurnId): Delivery | null {
  const current = latestPreview(session, turn);
  return current === null
    ? null
    : (deliveriesWhere(session, 'WHERE seq = @seq', { seq: current.seq })[0] ?? null);
}
