import type { Delivery } from '#core/delivery.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { type Session, flag } from '../session.ts';
import { currentRow, targetOf } from './insert.ts';
import { type OutboxRow, deliveriesWhere, rowsWhere } from './rows.ts';

type ClaimInput = Parameters<OutboxPort['claim']>[0];

/** heads that are due, channel by channel → sending, stamped with this boot; an edit learns what it edits. */
export function claimDeliveries(session: Session, input: ClaimInput): readonly Delivery[] {
  const due = channelsWithHeads(session)
    .filter((channel) => !input.pausedChannels.includes(channel))
    .flatMap((channel) => dueHeads(session, channel, input));
  due.sort((a, b) => a.dueAt - b.dueAt || a.seq - b.seq);
  return due.slice(0, input.limit).flatMap((row) => startSending(session, row));
}

/** One index step per channel: the number of waiting rows does not matter. */
function channelsWithHeads(session: Session): readonly string[] {
  const rows = session.all<{ channel: string }>(
    `WITH RECURSIVE channels (channel) AS (
       SELECT min(channel) FROM outbox WHERE head = 1
       UNION ALL
       SELECT (SELECT min(channel) FROM outbox WHERE head = 1 AND channel > channels.channel)
       FROM channels WHERE channel IS NOT NULL)
     SELECT channel FROM channels WHERE channel IS NOT NULL`,
  );
  return rows.map((row) => row.channel);
}

/** What is due so soon is simply waited for: after an outage all rows are, and a claim must not look at each of them. */
const soonMs = 6 * 60_000;
/** Longer than the outbox ever waits before it tries again. */
const longestWaitMs = 2 * 3_600_000;
/** The wall clock went back: a row of the future, or a wait that nobody can have asked for, must not wait for it. */
const ofAnotherTime = '(created_at > @now OR due_at > @now + @longestWaitMs)';

function dueHeads(session: Session, channel: string, input: ClaimInput): readonly OutboxRow[] {
  const due = headsWhere(session, 'due_at <= @now', { channel, ...input });
  const limit = input.limit - due.length;
  if (limit <= 0) return due;
  return [
    ...due,
    ...headsWhere(session, `due_at > @now + @soonMs AND ${ofAnotherTime}`, { channel, ...input, limit }),
  ];
}

function headsWhere(
  session: Session,
  when: string,
  { channel, now, pausedChats, limit }: ClaimInput & { readonly channel: string },
): readonly OutboxRow[] {
  return rowsWhere(
    session,
    `WHERE head = 1 AND channel = @channel AND ${when}
       AND chat NOT IN (SELECT value FROM json_each(@pausedChats))
     ORDER BY due_at, seq LIMIT @limit`,
    {
      channel,
      now,
      pausedChats: JSON.stringify(pausedChats),
      limit,
      ...(when.includes('@longest') ? { longestWaitMs, soonMs } : {}),
    },
  );
}

function startSending(session: Session, row: OutboxRow): readonly Delivery[] {
  const target = targetOf(row.body);
  const shown = target === null ? null : currentRow(session, target);
  // The mark belongs to the message: whoever edits one that may stand there twice must keep saying so.
  const repeated = row.repeated || shown?.repeated === true;
  const targetPlatformId = shown?.status === 'sent' ? shown.platformId : null;
  session.run(
    `UPDATE outbox SET status = 'sending', head = 0, epoch = @epoch, repeated = @repeated,
       target_platform_id = @targetPlatformId
     WHERE seq = @seq`,
    { seq: row.seq, epoch: session.epoch, repeated: flag(repeated), targetPlatformId },
  );
  return deliveriesWhere(session, 'WHERE seq = @seq', { seq: row.seq });
}
