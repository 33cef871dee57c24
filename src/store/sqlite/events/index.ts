import type { EventStatus } from '#core/event.ts';
import type { ConversationId } from '#core/ids.ts';
import type { EventsPort } from '#core/store/events.ts';
import { countByStatus } from '../counts.ts';
import { insertDeliveries } from '../outbox/insert.ts';
import type { Session, Verbs } from '../session.ts';
import { insertStep } from '../steps.ts';
import { acceptEvents } from './accept.ts';
import { waitingSince } from './queue.ts';
import { eventsWhere } from './rows.ts';

type Settlement = Parameters<EventsPort['settleCommand']>[0];

const noEvents: Readonly<Record<EventStatus, number>> = {
  queued: 0,
  running: 0,
  done: 0,
  dead: 0,
  stale: 0,
  refused: 0,
  withdrawn: 0,
};

/** Written out: a partial index is used only where the statement names the status. */
const tailByStatus: Readonly<Record<EventStatus, string>> = {
  queued: `WHERE status = 'queued' ORDER BY seq DESC LIMIT @limit`,
  running: `WHERE turn IN (SELECT id FROM turns WHERE status = 'running') AND status = 'running'
    ORDER BY seq DESC LIMIT @limit`,
  done: `WHERE status = 'done' ORDER BY seq DESC LIMIT @limit`,
  dead: `WHERE status = 'dead' ORDER BY seq DESC LIMIT @limit`,
  stale: `WHERE status = 'stale' ORDER BY seq DESC LIMIT @limit`,
  refused: `WHERE status = 'refused' ORDER BY seq DESC LIMIT @limit`,
  withdrawn: `WHERE status = 'withdrawn' ORDER BY seq DESC LIMIT @limit`,
};

export function createEvents(session: Session): Verbs<EventsPort> {
  return {
    accept: (input) => acceptEvents(session, input),
    cursor: (channel) =>
      session.get<{ cursor: string }>('SELECT cursor FROM cursors WHERE channel = @channel', { channel })
        ?.cursor ?? null,
    get: (id) => eventsWhere(session, 'WHERE id = @id', { id })[0] ?? null,
    byPlatformId: (channel, platformId) =>
      eventsWhere(session, 'WHERE channel = @channel AND platform_id = @platformId', {
        channel,
        platformId,
      })[0] ?? null,
    commands: (limit) =>
      eventsWhere(session, `WHERE status = 'queued' AND lane = 'command' ORDER BY seq LIMIT @limit`, {
        limit,
      }),
    settleCommand: (input) => settleCommand(session, input),
    failCommand: ({ event, reason }) => {
      session.run(
        `UPDATE events SET attempts = attempts + 1, reason = @reason
         WHERE id = @event AND status = 'queued' AND lane = 'command'`,
        { event, reason },
      );
      const row = session.get<{ n: number }>('SELECT attempts AS n FROM events WHERE id = @event', { event });
      return row?.n ?? 0;
    },
    list: ({ status, limit }) =>
      eventsWhere(session, status === null ? 'ORDER BY seq DESC LIMIT @limit' : tailByStatus[status], {
        limit,
      }),
    countByStatus: () => countByStatus(session, 'events', noEvents),
    waiting: (before) => waitingSince(session, before),
    hasStale: (chat) =>
      session.get(`SELECT 1 FROM events WHERE chat = @chat AND status = 'stale' LIMIT 1`, { chat }) !== null,
  };
}

function settleCommand(session: Session, input: Settlement): void {
  const { event, notice, deliveries, at } = input;
  const row = session.get<{ conversation: ConversationId | null }>(
    `SELECT conversation FROM events WHERE id = @event AND status = 'queued' AND lane = 'command'`,
    { event },
  );
  if (row === null) return;
  session.run(`UPDATE events SET status = 'done' WHERE id = @event`, { event });
  const { conversation } = row;
  if (notice !== null && conversation !== null) {
    insertStep(session, { conversation, turn: null, at, body: { kind: 'notice', text: notice }, key: null });
  }
  insertDeliveries(session, deliveries, { turn: null, conversation, at });
}
