import type { ConversationId } from '#core/ids.ts';
import { refreshQueue } from '../events/queue.ts';
import type { Session } from '../session.ts';
import { dropLinksOf } from './pairings.ts';

/**
 * An identity may have been stolen: what it has waiting is not begun, the link code it may have got links nobody, and the
 * direct chats it wrote from are nobody's, so that what is for its person is not said there. False: it was not known.
 */
export function removeIdentity(session: Session, identity: string): boolean {
  const row = session.get<{ handle: string }>('SELECT handle FROM identities WHERE identity = @identity', {
    identity,
  });
  if (row === null) return false;
  session.run('DELETE FROM identities WHERE identity = @identity', { identity });
  dropLinksOf(session, row.handle);
  session.run(
    'DELETE FROM chats WHERE direct = 1 AND chat IN (SELECT chat FROM events WHERE identity = @identity)',
    { identity },
  );
  const waiting = session.all<{ conversation: ConversationId | null }>(
    `SELECT DISTINCT conversation FROM events
     WHERE identity = @identity AND (status = 'queued' OR status = 'stale')`,
    { identity },
  );
  session.run(
    `UPDATE events SET status = 'withdrawn', reason = 'its sender was removed'
     WHERE identity = @identity AND (status = 'queued' OR status = 'stale')`,
    { identity },
  );
  for (const { conversation } of waiting) if (conversation !== null) refreshQueue(session, conversation);
  return true;
}
