import type { ChatKey } from '#core/address.ts';
import type { ConversationId, EventId } from '#core/ids.ts';
import type { StepBody } from '#core/step.ts';
import type { Claim, TurnPlan } from '#core/store/events.ts';
import { approvalBySeq } from '../approvals.ts';
import { nextInLine, refreshQueue } from '../events/queue.ts';
import { type QueuedEvent, queuedWhere } from '../events/rows.ts';
import { type Session, flag } from '../session.ts';
import { insertStep } from '../steps.ts';
import { nobodyAlone } from './life.ts';
import { countStart, releaseHeld } from './rate.ts';
import { turnById } from './rows.ts';
import { askAgain, meetsStale, setStale } from './stale.ts';

/** queued events → the person with the fewest running turns → the conversation that waits longest → one turn with its steps. */
export function claimTurn(session: Session, plan: TurnPlan): Claim {
  const unsure = plan.staleBefore === null ? null : askAgain(session);
  if (unsure !== null) return { type: 'stale', question: unsure };
  releaseHeld(session, plan.now);
  const next = nextInLine(session, plan);
  if (next === null) return { type: 'none' };
  const question = meetsStale(session, next, plan) ? setStale(session, next.chat, plan.staleBefore) : null;
  if (question !== null) return { type: 'stale', question };
  const queued = queuedOf(session, next.conversation, plan.maxEvents);
  const [first] = queued;
  if (first === undefined) return { type: 'none' };
  startTurn(session, plan, first);
  takeEvents(session, plan, together(queued, { events: plan.maxEvents, chars: plan.maxChars }));
  countStart(session, { person: personOf(first), role: first.role ?? 'guest' }, plan);
  refreshQueue(session, next.conversation, personOf(first));
  session.note.turns.add(plan.turn);
  const turn = turnById(session, plan.turn);
  return turn === null ? { type: 'none' } : { type: 'turn', turn };
}

/** The conversation's queue in its order: a decision first, then by arrival. */
export function queuedOf(
  session: Session,
  conversation: ConversationId,
  limit: number,
): readonly QueuedEvent[] {
  return queuedWhere(
    session,
    `WHERE conversation IN (@conversation) AND status = 'queued' AND lane = 'turn' ORDER BY rank, seq LIMIT @limit + 0`,
    { conversation, limit: Math.max(1, limit) },
  );
}

/** The first event and those right behind it that may be answered with it. */
function together(
  queued: readonly QueuedEvent[],
  room: { readonly events: number; readonly chars: number },
): readonly QueuedEvent[] {
  const [first, ...rest] = queued;
  if (first === undefined) return [];
  return [
    first,
    ...joinable(rest, first, { events: room.events - 1, chars: room.chars - first.text.length }),
  ];
}

/** The longest run from the head of the queue that fits beside `first`: order is kept, so it ends at the first misfit. */
export function joinable(
  queued: readonly QueuedEvent[],
  first: {
    readonly kind?: string;
    readonly coalesce?: boolean;
    readonly person: string | null;
    readonly role: string | null;
    readonly chat: ChatKey;
  },
  room: { readonly events: number; readonly chars: number },
): readonly QueuedEvent[] {
  if (first.kind === 'decision' || first.coalesce === false) return [];
  let chars = room.chars;
  const misfit = queued.findIndex((event, index) => {
    chars -= event.text.length;
    // A turn acts with one person's rights, chats and memory: another's words never ride on it.
    const isTheirs = event.person === first.person && event.role === first.role;
    const fits = event.coalesce && isTheirs && event.chat === first.chat;
    return !fits || index >= room.events || chars < 0;
  });
  return misfit < 0 ? queued : queued.slice(0, misfit);
}

function startTurn(session: Session, plan: TurnPlan, first: QueuedEvent): void {
  nobodyAlone(session);
  session.run(
    `INSERT INTO turns (id, conversation, chat, direct, person, role, status, epoch, attempts, due_at, started_at)
     VALUES (@id, @conversation, @chat, @direct, @person, @role, 'running', @epoch, 1, @now, @now)`,
    {
      id: plan.turn,
      conversation: first.conversation,
      chat: first.chat,
      direct: flag(first.direct),
      person: personOf(first),
      role: first.role ?? 'guest',
      epoch: session.epoch,
      now: plan.now,
    },
  );
}

function takeEvents(session: Session, plan: TurnPlan, events: readonly QueuedEvent[]): void {
  for (const event of events) {
    if (event.conversation === null) continue;
    session.run(`UPDATE events SET status = 'running', turn = @turn WHERE seq = @seq`, {
      turn: plan.turn,
      seq: event.seq,
    });
    insertStep(session, {
      conversation: event.conversation,
      turn: plan.turn,
      at: plan.now,
      body: event.approval === null ? inputOf(event) : decisionOf(session, event.id, event.approval),
      key: null,
    });
  }
}

export function inputOf(event: QueuedEvent): StepBody {
  const { id, name, text, files, sentAt } = event;
  return { kind: 'input', event: id, person: personOf(event), name, text, files: [...files], at: sentAt };
}

function decisionOf(session: Session, event: EventId, seq: number): StepBody {
  const approval = approvalBySeq(session, seq);
  if (approval === null || approval.status === 'pending' || approval.status === 'void') {
    throw new Error(`The event ${event} decides an approval that is not decided.`);
  }
  return {
    kind: 'decision',
    approval: approval.id,
    decision: approval.status,
    by: approval.decidedBy ?? 'time',
    reason: approval.reason,
    callId: approval.callId,
    tool: approval.plan.tool,
    arguments: approval.plan.arguments,
    planHash: approval.plan.hash,
  };
}

function personOf(event: QueuedEvent): string {
  return event.person ?? '';
}
