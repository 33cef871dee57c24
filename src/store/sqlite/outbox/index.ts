import type { DeliveryStatus } from '#core/delivery.ts';
import type { ChatKey } from '#core/address.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { countByStatus } from '../counts.ts';
import type { Session, Verbs } from '../session.ts';
import { claimDeliveries } from './claim.ts';
import { refreshHead } from './heads.ts';
import { previewOf, putPreview } from './preview.ts';
import { deliveriesWhere } from './rows.ts';
import { settleDelivery } from './settle.ts';

const noDeliveries: Readonly<Record<DeliveryStatus, number>> = {
  queued: 0,
  sending: 0,
  sent: 0,
  dead: 0,
  cancelled: 0,
};

/** The rows of a status by its partial index, where there is one: a few among many must not be looked for one by one. */
const seqsByStatus: Readonly<Record<DeliveryStatus, string>> = {
  queued: `SELECT seq FROM outbox INDEXED BY outbox_queued WHERE status = 'queued'`,
  sending: `SELECT seq FROM outbox INDEXED BY outbox_sending WHERE status = 'sending'`,
  sent: `SELECT seq FROM outbox WHERE status = 'sent'`,
  dead: `SELECT seq FROM outbox INDEXED BY outbox_flagged WHERE status = 'dead'`,
  cancelled: `SELECT seq FROM outbox INDEXED BY outbox_flagged WHERE status = 'cancelled'`,
};

export function createOutbox(session: Session): Verbs<OutboxPort> {
  return {
    claim: (input) => claimDeliveries(session, input),
    settle: (input) => settleDelivery(session, input),
    interrupted: () =>
      deliveriesWhere(
        session,
        `INDEXED BY outbox_sending WHERE status = 'sending' AND epoch < @epoch ORDER BY seq`,
        {
          epoch: session.epoch,
        },
      ),
    preview: (input) => putPreview(session, input),
    previewOf: (turn) => previewOf(session, turn),
    get: (id) => deliveriesWhere(session, 'WHERE id = @id', { id })[0] ?? null,
    ofTurn: (turn) => deliveriesWhere(session, 'WHERE turn = @turn ORDER BY seq', { turn }),
    list: ({ status, limit }) => {
      const which =
        status === null ? '' : `WHERE seq IN (${seqsByStatus[status]} ORDER BY seq DESC LIMIT @limit)`;
      return deliveriesWhere(session, `${which} ORDER BY seq DESC LIMIT @limit`, { limit });
    },
    countByStatus: () => countByStatus(session, 'outbox', noDeliveries),
    nextDueAt: (now) =>
      session.get<{ at: number | null }>(
        'SELECT min(due_at) AS at FROM outbox WHERE head = 1 AND due_at > @now',
        {
          now,
        },
      )?.at ?? null,
    redrive: ({ id, at }) => redrive(session, id, at),
  };
}

/**
 * A dead row goes to the end of its chat's order and is new again: it has its whole time to be delivered in. One that was
 * replaced stays: its replacement was the new try.
 */
function redrive(session: Session, id: string, at: number): boolean {
  const row = session.get<{ chat: ChatKey }>(
    `SELECT chat FROM outbox WHERE id = @id AND status = 'dead' AND replaced_by IS NULL`,
    { id },
  );
  if (row === null) return false;
  session.run(
    `UPDATE outbox SET status = 'queued', attempts = 0, created_at = @at, due_at = @at, reason = NULL,
       position = (SELECT max(seq) FROM outbox) + 1
     WHERE id = @id`,
    { id, at },
  );
  refreshHead(session, row.chat);
  return true;
}
