import type { ChatKey } from '#core/address.ts';
import type { Session } from '../session.ts';

/**
 * Marks the one row that a chat sends next, or none while a call of the chat is in flight. Derived: whoever changes
 * a chat's queued or sending rows calls it before the write ends. So a claim looks at the heads only.
 */
export function refreshHead(session: Session, chat: ChatKey): void {
  const sending = session.get(`SELECT 1 FROM outbox WHERE chat = @chat AND status = 'sending' LIMIT 1`, {
    chat,
  });
  const first =
    sending === null
      ? session.get<{ seq: number; head: number }>(
          `SELECT seq, head FROM outbox WHERE chat = @chat AND status = 'queued' ORDER BY position, seq LIMIT 1`,
          { chat },
        )
      : null;
  if (first !== null && first.head === 1) {
    session.note.wake.add('outbox');
    return;
  }
  session.run(`UPDATE outbox SET head = 0 WHERE chat = @chat AND status = 'queued' AND head = 1`, { chat });
  if (first === null) return;
  session.run('UPDATE outbox SET head = 1 WHERE seq = @seq', { seq: first.seq });
  session.note.wake.add('outbox');
}
