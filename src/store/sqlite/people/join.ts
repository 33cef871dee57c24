import type { ConversationId } from '#core/ids.ts';
import type { Role } from '#core/person.ts';
import { refreshLoad, refreshQueue } from '../events/queue.ts';
import type { Session } from '../session.ts';
import { dropLinksOf } from './pairings.ts';

export interface Joined {
  /** The handle that is given up. */
  readonly from: string;
  readonly to: string;
  readonly role: Role;
}

/**
 * Two handles turn out to be one person: what belongs to the first is the second's from now on. What was said under it
 * stays as it was said (steps, answered events). Rights follow, so what runs, waits or is redriven later goes on with the
 * role of `to`.
 */
export function joinPersons(session: Session, joined: Joined): void {
  const { from, to, role } = joined;
  session.run('UPDATE identities SET handle = @to, role = @role WHERE handle = @from', { from, to, role });
  dropLinksOf(session, from);
  for (const sql of belongings) session.run(sql, { from, to });
  session.run(
    `UPDATE turns SET person = @to, role = @role WHERE person = @from AND (status = 'running' OR status = 'parked')`,
    { from, to, role },
  );
  const waiting = session.all<{ conversation: ConversationId }>(
    `SELECT DISTINCT conversation FROM events WHERE person = @from AND lane = 'turn'
       AND (status = 'queued' OR status = 'stale')`,
    { from },
  );
  session.run(
    `UPDATE events SET person = @to, role = @role
     WHERE person = @from AND lane = 'turn' AND (status = 'queued' OR status = 'stale' OR status = 'running'
       OR turn IN (SELECT id FROM turns INDEXED BY turns_flagged
         WHERE person = @from AND (status = 'dead' OR status = 'failed')))`,
    { from, to, role },
  );
  for (const { conversation } of waiting) refreshQueue(session, conversation, from);
  refreshLoad(session, from);
  refreshLoad(session, to);
}

const belongings = [
  'UPDATE conversations SET person = @to WHERE person = @from',
  'UPDATE chats SET person = @to WHERE person = @from',
  `UPDATE approvals SET person = @to WHERE person = @from AND status = 'pending'`,
  'UPDATE spend SET person = @to WHERE person = @from',
] as const;
