import type { ChatKey } from '#core/address.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { TurnsPort } from '#core/store/turns.ts';
import { voidApprovals } from '../approvals.ts';
import { refreshQueue } from '../events/queue.ts';
import { refreshHead } from '../outbox/heads.ts';
import type { Session } from '../session.ts';
import { endTurn } from './append.ts';
import { turnsWhere } from './rows.ts';

type StopInput = Parameters<TurnsPort['stop']>[0];
type Stopped = Awaited<ReturnType<TurnsPort['stop']>>;

/** Everything of the conversation that runs, waits or is on its way out ends here; what was sent stays sent. */
export function stopConversation(session: Session, input: StopInput): Stopped {
  const { conversation, at } = input;
  const reason = `stopped by ${input.by}`;
  const events = session.run(
    `UPDATE events SET status = 'withdrawn', reason = @reason
     WHERE conversation = @conversation AND status = 'queued' AND lane = 'turn' AND (@upTo IS NULL OR seq < @upTo)`,
    { conversation, reason, upTo: input.upTo },
  );
  const approvals = voidApprovals(session, { turn: null, conversation, reason, at });
  const turns = [...endRunning(session, input, reason), ...endParked(session, input, reason)];
  const deliveries = haltDeliveries(session, conversation, reason);
  refreshQueue(session, conversation);
  return { turns, events, approvals, deliveries };
}

function endRunning(session: Session, input: StopInput, reason: string): readonly TurnId[] {
  const running = turnsWhere(
    session,
    `WHERE conversation = @conversation AND status = 'running' AND (@upTo IS NULL OR EXISTS
       (SELECT 1 FROM events WHERE events.turn = turns.id AND events.seq < @upTo))`,
    { conversation: input.conversation, upTo: input.upTo },
  );
  return running.map((turn) => {
    endTurn(session, turn, { status: 'cancelled', reason, at: input.at });
    return turn.id;
  });
}

/** What waited for a decision that can no longer come. It has its end step already. */
function endParked(session: Session, input: StopInput, reason: string): readonly TurnId[] {
  const parked = turnsWhere(session, `WHERE conversation = @conversation AND status = 'parked'`, {
    conversation: input.conversation,
  });
  return parked.map((turn) => {
    session.run(`UPDATE turns SET status = 'cancelled', reason = @reason WHERE id = @id`, {
      id: turn.id,
      reason,
    });
    session.note.turns.add(turn.id);
    return turn.id;
  });
}

/** Unsent rows are cancelled; a call in flight ends as it ends, but is not made again. */
function haltDeliveries(session: Session, conversation: ConversationId, reason: string): number {
  const chats = session.all<{ chat: ChatKey }>(
    `SELECT DISTINCT chat FROM outbox WHERE conversation = @conversation AND status = 'queued'`,
    { conversation },
  );
  session.run(`UPDATE outbox SET halted = 1 WHERE conversation = @conversation AND status = 'sending'`, {
    conversation,
  });
  const cancelled = session.run(
    `UPDATE outbox SET status = 'cancelled', head = 0, reason = @reason
     WHERE conversation = @conversation AND status = 'queued'`,
    { conversation, reason },
  );
  for (const { chat } of chats) refreshHead(session, chat);
  return cancelled;
}
