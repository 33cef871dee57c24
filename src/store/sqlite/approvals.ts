import type { ChatKey } from '#core/address.ts';
import type { ApprovalId, ConversationId, EventId, TurnId } from '#core/ids.ts';
import type { Role } from '#core/person.ts';
import type { Approval, ApprovalStatus } from '#core/policy.ts';
import type { ApprovalsPort, Decided } from '#core/store/approvals.ts';
import type { NewApproval } from '#core/store/turns.ts';
import type { Turn } from '#core/turn.ts';
import { insertEvent } from './events/insert.ts';
import { refreshQueue } from './events/queue.ts';
import type { Session, Verbs } from './session.ts';

interface Row {
  readonly seq: number;
  readonly id: ApprovalId;
  readonly turn: TurnId;
  readonly conversation: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly call_id: string;
  readonly tool: string;
  readonly arguments: string;
  readonly plan_hash: string;
  readonly why: string;
  readonly status: ApprovalStatus;
  readonly created_at: number;
  readonly expires_at: number;
  readonly decided_by: string | null;
  readonly decided_at: number | null;
  readonly reason: string | null;
}

type Decision = Parameters<ApprovalsPort['decide']>[0];

export function createApprovals(session: Session): Verbs<ApprovalsPort> {
  return {
    get: (id) => {
      const row = currentOf(session, id);
      return row === null ? null : toApproval(row);
    },
    list: ({ status, chat, limit }) => {
      const which =
        status === 'pending'
          ? `INDEXED BY approvals_pending WHERE status = 'pending'`
          : 'WHERE (@status IS NULL OR status = @status)';
      return session
        .all<Row>(
          `SELECT * FROM approvals ${which} AND (@chat IS NULL OR chat = @chat)
           ORDER BY seq DESC LIMIT @limit`,
          { status, chat, limit },
        )
        .map(toApproval);
    },
    decide: (input) => decide(session, input),
    overdue: (now) =>
      session
        .all<Row>(
          `SELECT * FROM approvals WHERE status = 'pending' AND expires_at <= @now ORDER BY expires_at, seq`,
          { now },
        )
        .map(toApproval),
  };
}

/** An id is used again after its approval was decided: the pending one has it, else the newest. */
function currentOf(session: Session, id: ApprovalId): Row | null {
  return (
    session.get<Row>(`SELECT * FROM approvals WHERE id = @id AND status = 'pending'`, { id }) ??
    session.get<Row>('SELECT * FROM approvals WHERE id = @id ORDER BY seq DESC LIMIT 1', { id })
  );
}

/** pending → decided, with a `decision` event at the head of the queue; the turn that waited is done. Once. */
function decide(session: Session, input: Decision): Decided {
  const row = currentOf(session, input.id);
  if (row === null) return { result: 'unknown' };
  if (row.status !== 'pending') return { result: 'late', approval: toApproval(row) };
  // A yes after the time is over is no yes, even if nobody has looked at the clock since.
  const overdue = input.decision === 'approved' && row.expires_at <= input.at;
  const decision = overdue ? 'expired' : input.decision;
  const by = overdue ? 'time' : input.by;
  const reason = overdue ? null : input.reason;
  session.run(
    `UPDATE approvals SET status = @decision, decided_by = @by, decided_at = @at, reason = @reason WHERE seq = @seq`,
    { seq: row.seq, decision, by, at: input.at, reason },
  );
  putDecision(session, row, { event: input.event, decision, by, at: input.at });
  const approval: Approval = {
    ...toApproval(row),
    status: decision,
    decidedBy: by,
    decidedAt: input.at,
    reason,
  };
  return { result: overdue ? 'late' : 'decided', approval };
}

function putDecision(
  session: Session,
  row: Row,
  decided: { readonly event: EventId; readonly decision: string; readonly by: string; readonly at: number },
): void {
  const turn = session.get<{ role: Role; direct: number; status: string }>(
    'SELECT role, direct, status FROM turns WHERE id = @turn',
    { turn: row.turn },
  );
  insertEvent(session, {
    id: decided.event,
    channel: 'tiro',
    platformId: `decision:${row.id}:${row.created_at}`,
    kind: 'decision',
    lane: 'turn',
    chat: row.chat,
    direct: turn?.direct === 1,
    conversation: row.conversation,
    person: row.person,
    role: turn?.role ?? 'guest',
    identity: `tiro:${decided.by}`,
    name: decided.by,
    text: decided.decision,
    files: [],
    messageId: null,
    replyTo: null,
    sentAt: decided.at,
    receivedAt: decided.at,
    coalesce: false,
    status: 'queued',
    approval: row.seq,
    reason: null,
    raw: '',
  });
  if (turn?.status === 'parked' && countPending(session, row.turn) === 0) {
    session.run(`UPDATE turns SET status = 'done' WHERE id = @turn`, { turn: row.turn });
    session.note.turns.add(row.turn);
  }
  refreshQueue(session, row.conversation);
}

/** False when a pending approval has the id. */
export function insertApproval(
  session: Session,
  turn: Turn,
  input: { readonly approval: NewApproval; readonly at: number },
): boolean {
  const { id, callId, plan, why, expiresAt } = input.approval;
  const inserted = session.run(
    `INSERT INTO approvals (id, turn, conversation, chat, person, call_id, tool, arguments, plan_hash, why, status,
       created_at, expires_at)
     VALUES (@id, @turn, @conversation, @chat, @person, @callId, @tool, @arguments, @hash, @why, 'pending', @at,
       @expiresAt)
     ON CONFLICT (id) WHERE status = 'pending' DO NOTHING`,
    {
      id,
      callId,
      why,
      expiresAt,
      turn: turn.id,
      conversation: turn.conversation,
      chat: turn.chat,
      person: turn.person,
      tool: plan.tool,
      arguments: plan.arguments,
      hash: plan.hash,
      at: input.at,
    },
  );
  return inserted > 0;
}

export function countPending(session: Session, turn: TurnId): number {
  const row = session.get<{ n: number }>(
    `SELECT count(*) AS n FROM approvals WHERE turn = @turn AND status = 'pending'`,
    { turn },
  );
  return row?.n ?? 0;
}

/** Pending asks of a turn or of a whole conversation can no longer be decided. Returns how many. */
export function voidApprovals(
  session: Session,
  which: {
    readonly turn: TurnId | null;
    readonly conversation: ConversationId | null;
    readonly reason: string;
    readonly at: number;
  },
): number {
  return session.run(
    `UPDATE approvals SET status = 'void', decided_at = @at, reason = @reason
     WHERE status = 'pending' AND (turn = @turn OR conversation = @conversation)`,
    { ...which },
  );
}

export function approvalBySeq(session: Session, seq: number): Approval | null {
  const row = session.get<Row>('SELECT * FROM approvals WHERE seq = @seq', { seq });
  return row === null ? null : toApproval(row);
}

function toApproval(row: Row): Approval {
  return {
    id: row.id,
    turn: row.turn,
    conversation: row.conversation,
    chat: row.chat,
    person: row.person,
    callId: row.call_id,
    plan: { tool: row.tool, arguments: row.arguments, hash: row.plan_hash },
    why: row.why,
    status: row.status,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    reason: row.reason,
  };
}
