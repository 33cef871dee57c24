import type { ChatKey } from '#core/address.ts';
import type { Session } from '../session.ts';

/**
 * Marks the one row that a chat sends next, or none while a call of the chat is in flight. Derived: whoever changes
 * a chat's queued or sending rows calls it before the write ends. So a claim looks at the heads only. What takes a row
 * out of the queue takes its mark, and rows come in at the end or in the place of one that was being sent: so a mark
 * never has to be looked for among all that waits.
 */
export function refreshHead(session: Session, chat: ChatKey): void {
  const sending = session.get(`SELECT 1 FROM outbox WHERE chat = @chat AND status = 'sending' LIMIT 1`, {
    chat,
  });
  if (sending !== null) return;
  const first = session.get<{ seq: number; head: number }>(
    `SELECT seq, head FROM outbox WHERE chat IN (@chat) AND status = 'queued' ORDER BY position, seq LIMIT 1`,
    { chat },
  );
  if (first === null) return;
  if (first.head === 0) session.run('UPDATE outbox SET head = 1 WHERE seq = @seq', { seq: first.seq });
  session.note.wake.add('outbox');
}
