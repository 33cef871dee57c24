import type { ChatKey } from '#core/address.ts';
import type { ConversationId } from '#core/ids.ts';
import type { StaleQuestion, TurnPlan } from '#core/store/events.ts';
import { refreshQueue } from '../events/queue.ts';
import type { Session } from '../session.ts';

const isStale = `rank = 1 AND coalesce = 1 AND kept = 0 AND chat IN (@chat) AND sent_at < @staleBefore`;

const staleOnes = `WHERE conversation IN (SELECT conversation FROM queues WHERE chat IN (@chat))
  AND status = 'queued' AND lane = 'turn' AND ${isStale}`;

/**
 * Is an old message among those that the next turn would take? Only these are looked at: a claim must not read the whole
 * queue of its chat. An old one further behind is met when it comes to the front.
 */
export function meetsStale(
  session: Session,
  next: { readonly conversation: ConversationId; readonly chat: ChatKey },
  plan: TurnPlan,
): plan is TurnPlan & { readonly staleBefore: number } {
  if (plan.staleBefore === null) return false;
  const met = session.get(
    `SELECT 1 FROM (SELECT * FROM events WHERE conversation IN (@conversation) AND status = 'queued' AND lane = 'turn'
       ORDER BY rank, seq LIMIT @limit + 0) WHERE ${isStale} LIMIT 1`,
    {
      conversation: next.conversation,
      chat: next.chat,
      staleBefore: plan.staleBefore,
      limit: Math.max(1, plan.maxEvents),
    },
  );
  return met !== null;
}

/** Asks about the chat's old messages instead of answering them; what was kept once is not asked about again. */
export function setStale(session: Session, chat: ChatKey, staleBefore: number): StaleQuestion | null {
  const conversations = session.all<{ conversation: ConversationId }>(
    `SELECT DISTINCT conversation FROM events ${staleOnes} ORDER BY seq`,
    { chat, staleBefore },
  );
  if (conversations.length === 0) return null;
  session.run(`UPDATE events SET status = 'stale' ${staleOnes}`, { chat, staleBefore });
  for (const { conversation } of conversations) refreshQueue(session, conversation);
  return ask(session, chat);
}

/**
 * Whoever had to put the question may have crashed before it was a row, so each boot asks once more. The newest event
 * is the same as long as nothing was added: whoever asks under it says it once.
 */
export function askAgain(session: Session): StaleQuestion | null {
  const found = session.get<{ chat: ChatKey }>(
    `SELECT chat FROM events INDEXED BY events_asked WHERE status = 'stale' AND asked_by < @epoch LIMIT 1`,
    { epoch: session.epoch },
  );
  return found === null ? null : ask(session, found.chat);
}

/** The question covers all stale messages of the chat, as its answer will. */
function ask(session: Session, chat: ChatKey): StaleQuestion | null {
  session.run(`UPDATE events SET asked_by = @epoch WHERE chat = @chat AND status = 'stale'`, {
    chat,
    epoch: session.epoch,
  });
  const stale = session.get<{ count: number; oldestAt: number; newestSeq: number }>(
    `SELECT count(*) AS count, min(sent_at) AS oldestAt, max(seq) AS newestSeq FROM events
     WHERE chat = @chat AND status = 'stale'`,
    { chat },
  );
  const newest = session.get<{ conversation: ConversationId }>(
    'SELECT conversation FROM events WHERE seq = @seq',
    { seq: stale?.newestSeq ?? 0 },
  );
  return stale === null || newest === null ? null : { chat, conversation: newest.conversation, ...stale };
}
