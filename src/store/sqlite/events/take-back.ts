import type { ChatKey, Identity } from '#core/address.ts';
import type { EventStatus } from '#core/event.ts';
import type { ConversationId, EventId, TurnId } from '#core/ids.ts';
import type { Session } from '../session.ts';
import { endTurn } from '../turns/append.ts';
import { turnById } from '../turns/rows.ts';

/** A message that is not answered yet. */
export interface Unanswered {
  readonly id: EventId;
  readonly identity: Identity;
  readonly status: Extract<EventStatus, 'queued' | 'stale' | 'running'>;
  readonly conversation: ConversationId | null;
  readonly turn: TurnId | null;
}

/** The message, while nothing of an answer to it was committed or shown. */
export function unansweredOf(
  session: Session,
  message: { readonly channel: string; readonly chat: ChatKey; readonly messageId: string | null },
): Unanswered | null {
  const found = session.get<Unanswered>(
    `SELECT id, identity, status, conversation, turn FROM events
     WHERE chat = @chat AND message_id = @messageId AND message_id IS NOT NULL
       AND (status = 'queued' OR status = 'stale' OR status = 'running') AND lane = 'turn' AND channel = @channel
     ORDER BY seq DESC LIMIT 1`,
    { ...message },
  );
  if (found?.status !== 'running') return found;
  const turn = found.turn === null ? null : turnById(session, found.turn);
  return turn === null || turn.status !== 'running' || turn.sealed ? null : found;
}

/**
 * Ends the turn that works on the message, if one does: whatever its model call comes to is of no use. All its messages wait
 * again, in their order, and are not asked about as stale. Returns whether there was such a turn.
 */
export function takeBack(
  session: Session,
  message: Unanswered,
  why: { readonly reason: string; readonly at: number },
): boolean {
  const turn = message.turn === null || message.status !== 'running' ? null : turnById(session, message.turn);
  if (turn === null) return false;
  session.run(
    `UPDATE events SET status = 'queued', turn = NULL, kept = 1 WHERE turn = @turn AND status = 'running'`,
    { turn: turn.id },
  );
  endTurn(session, turn, { status: 'cancelled', ...why, takenBack: true });
  return true;
}
