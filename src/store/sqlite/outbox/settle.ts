import type { DeliveryStatus } from '#core/delivery.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { type Session, flag } from '../session.ts';
import { refreshHead } from './heads.ts';
import { currentRow, insertRow, targetOf } from './insert.ts';
import { type OutboxRow, rowById } from './rows.ts';

type Settlement = Parameters<OutboxPort['settle']>[0];

/** The end of one call. A row that is not `sending` any more is left as it is: repeating a settlement is harmless. */
export function settleDelivery(session: Session, input: Settlement): void {
  const row = rowById(session, input.id);
  if (row === null || row.status !== 'sending') return;
  const { outcome, at } = input;
  switch (outcome.status) {
    case 'sent':
      session.run(
        `UPDATE outbox SET status = 'sent', platform_id = @platformId, sent_at = @at, reason = NULL WHERE seq = @seq`,
        { seq: row.seq, platformId: outcome.platformId, at },
      );
      // An edit without a target went out as a message of its own.
      if (row.targetPlatformId === null) standInForTarget(session, row, row.key);
      break;
    case 'queued':
      requeue(session, row, outcome);
      break;
    case 'dead':
    case 'cancelled':
      session.run('UPDATE outbox SET status = @status, reason = @reason WHERE seq = @seq', {
        seq: row.seq,
        status: outcome.status,
        reason: outcome.reason,
      });
      break;
  }
  replace(session, row, input);
  refreshHead(session, row.chat);
}

function requeue(
  session: Session,
  row: OutboxRow,
  outcome: Extract<Settlement['outcome'], { status: 'queued' }>,
): void {
  const gone = row.halted || isOutdated(session, row);
  const status: DeliveryStatus = gone ? 'cancelled' : 'queued';
  session.run(
    `UPDATE outbox SET status = @status, due_at = @dueAt, attempts = attempts + @counted,
       repeated = max(repeated, @repeated), reason = @reason
     WHERE seq = @seq`,
    {
      seq: row.seq,
      status,
      dueAt: outcome.dueAt,
      counted: flag(outcome.countAttempt),
      repeated: flag(outcome.repeated),
      reason: outcome.reason,
    },
  );
}

/** A preview edit that failed is not tried again once a newer text of the same message waits. */
function isOutdated(session: Session, row: OutboxRow): boolean {
  const target = targetOf(row.body);
  if (!row.preview || target === null) return false;
  const newer = session.get(
    `SELECT 1 FROM outbox WHERE target = @target AND target IS NOT NULL AND status = 'queued' AND seq > @seq`,
    { target, seq: row.seq },
  );
  return newer !== null;
}

/** Replacements stand where the replaced row stood; edits of it find the first of them (see `currentRow`). */
function replace(session: Session, row: OutboxRow, input: Settlement): void {
  const [heir] = input.replacements;
  if (heir === undefined || row.halted) return;
  const repeated = row.repeated || ('repeated' in input.outcome && (input.outcome.repeated ?? false));
  for (const delivery of input.replacements) {
    // Whoever stands for a preview is one: the final text must find it.
    const preview = delivery.preview || (row.preview && delivery === heir);
    const { turn, conversation, position } = row;
    insertRow(session, { ...delivery, preview }, { turn, conversation, at: input.at, position, repeated });
  }
  inherit(session, row, heir.key);
  if (heir.body.kind === 'message') standInForTarget(session, row, heir.key);
}

/** Where an edit's message never came out, what is shown instead is that message: later edits are edits of it. */
function standInForTarget(session: Session, row: OutboxRow, heirKey: string): void {
  const lost = row.body.kind === 'edit' ? currentRow(session, row.body.target) : null;
  if (lost === null || (lost.status !== 'dead' && lost.status !== 'cancelled')) return;
  inherit(session, lost, heirKey);
}

function inherit(session: Session, row: OutboxRow, heirKey: string): void {
  const heir = { id: row.id, heirKey };
  session.run(
    'UPDATE outbox SET replaced_by = (SELECT id FROM outbox WHERE key = @heirKey) WHERE id = @id',
    heir,
  );
  // Edits that wait are edits of the heir: whoever looks for the one that waits must find it there.
  session.run(
    `UPDATE outbox SET target = (SELECT id FROM outbox WHERE key = @heirKey)
     WHERE target = @id AND target IS NOT NULL AND status = 'queued'`,
    heir,
  );
}
