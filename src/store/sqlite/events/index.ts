import type { EventStatus } from '#core/event.ts';
import type { ConversationId } from '#core/ids.ts';
import type { EventsPort } from '#core/store/events.ts';
import { countByStatus } from '../counts.ts';
import { insertDeliveries } from '../outbox/insert.ts';
import type { Session, Verbs } from '../session.ts';
import { insertStep } from '../steps.ts';
import { acceptEvents } from './accept.ts';
import { waitingForPlace, waitingSince } from './queue.ts';
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

/** The rows of a status by its partial index, where there is one: a few among many must not be looked for one by one. */
const seqsByStatus: Readonly<Record<EventStatus, string>> = {
  queued: `SELECT seq FROM events INDEXED BY events_queued WHERE status = 'queued' AND lane = 'turn'
    UNION ALL SELECT seq FROM events INDEXED BY events_commands WHERE status = 'queued' AND lane = 'command'`,
  running: `SELECT events.seq AS seq FROM turns INDEXED BY turns_running JOIN events ON events.turn = turns.id
    WHERE turns.status = 'running'`,
  done: `SELECT seq FROM events WHERE status = 'done'`,
  dead: `SELECT seq FROM events INDEXED BY events_flagged WHERE status = 'dead'`,
  stale: `SELECT seq FROM events INDEXED BY events_flagged WHERE status = 'stale'`,
  refused: `SELECT seq FROM events INDEXED BY events_flagged WHERE status = 'refused'`,
  withdrawn: `SELECT seq FROM events INDEXED BY events_flagged WHERE status = 'withdrawn'`,
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
    list: ({ status, limit }) => {
      const which =
        status === null ? '' : `WHERE seq IN (${seqsByStatus[status]} ORDER BY seq DESC LIMIT @limit)`;
      return eventsWhere(session, `${which} ORDER BY seq DESC LIMIT @limit`, { limit });
    },
    countByStatus: () => countByStatus(session, 'events', noEvents),
    waiting: (before) => waitingSince(session, before),
    waitingForPlace: (input) => waitingForPlace(session, input),
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
