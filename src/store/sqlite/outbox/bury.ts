import type { ConversationId } from '#core/ids.ts';
import type { Session } from '../session.ts';
import { refreshHead } from './heads.ts';
import { rowById } from './rows.ts';

/**
 * A delivery that its platform took and could not bring: a dead letter, which the owner is told of. One whose answer is
 * still awaited is buried too, and then its settlement finds nothing to settle. Null: it is not there, is of another
 * channel, or waits to be sent again anyway.
 */
export function buryDelivery(
  session: Session,
  found: { readonly id: string; readonly channel: string; readonly reason: string },
): { readonly conversation: ConversationId | null } | null {
  const row = rowById(session, found.id);
  if (row === null || !row.chat.startsWith(`${found.channel}:`)) return null;
  if (row.status !== 'sent' && row.status !== 'sending') return null;
  session.run(`UPDATE outbox SET status = 'dead', reason = @reason WHERE seq = @seq`, {
    seq: row.seq,
    reason: found.reason,
  });
  refreshHead(session, row.chat);
  return { conversation: row.conversation };
}
