import { addressToKey } from '#core/address.ts';
import type { StoredEvent } from '#core/event.ts';
import type { ConversationId, EventId, TurnId } from '#core/ids.ts';
import type { LiveEvent } from '#core/ports/live.ts';
import type { Submission } from '#core/ports/door.ts';
import type { Approval } from '#core/policy.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { CommitNote } from '#core/store/store.ts';
import type { Conversation, Turn, TurnStatus } from '#core/turn.ts';

/** The rows of the scripted kernel and who listens to them. */
export interface Rows {
  readonly now: () => number;
  readonly steps: Step[];
  readonly events: Map<EventId, StoredEvent>;
  readonly turns: Map<TurnId, Turn>;
  readonly conversations: Map<ConversationId, Conversation>;
  readonly approvals: Map<string, Approval>;
  readonly byKey: Map<string, EventId>;
  readonly partials: Map<TurnId, string>;
  readonly commitListeners: Set<(note: CommitNote) => void>;
  readonly liveListeners: Set<(event: LiveEvent) => void>;
}

const pad = (count: number): string => String(count).padStart(6, '0');

export function createRows(now: () => number): Rows {
  return {
    now,
    steps: [],
    events: new Map(),
    turns: new Map(),
    conversations: new Map(),
    approvals: new Map(),
    byKey: new Map(),
    partials: new Map(),
    commitListeners: new Set(),
    liveListeners: new Set(),
  };
}

/** Adds steps in one commit and tells of it. */
export function commitSteps(
  rows: Rows,
  at: { readonly conversation: ConversationId; readonly turn: TurnId | null },
  bodies: readonly StepBody[],
): void {
  const first = rows.steps.length + 1;
  const steps = bodies.map((body, index): Step => ({ seq: first + index, ...at, at: rows.now(), body }));
  rows.steps.push(...steps);
  const turn = at.turn === null ? undefined : rows.turns.get(at.turn);
  const note = { steps, queued: [], wake: [], turns: turn === undefined ? [] : [turn] };
  for (const listener of rows.commitListeners) listener(note);
}

export function publishLive(rows: Rows, event: LiveEvent): void {
  if (event.type === 'delta') {
    rows.partials.set(event.turn, (rows.partials.get(event.turn) ?? '') + event.text);
  }
  if (event.type === 'restart') rows.partials.delete(event.turn);
  for (const listener of rows.liveListeners) listener(event);
}

/** The chat's open conversation, or a new one. */
export function placeConversation(rows: Rows, submission: Submission): ConversationId {
  const { channel, isolated, text, user } = submission;
  const id: ConversationId = `cnv_${pad(rows.conversations.size + 1)}`;
  const chat = addressToKey({ channel, chat: isolated ? id : submission.chat, thread: null });
  const open = [...rows.conversations.values()].find((each) => each.chat === chat && each.open);
  if (open !== undefined && text !== '/new') return open.id;
  if (open !== undefined) rows.conversations.set(open.id, { ...open, open: false });
  const at = rows.now();
  rows.conversations.set(id, {
    id,
    chat,
    person: user ?? 'owner',
    direct: true,
    open: true,
    createdAt: at,
    lastAt: at,
    title: text.slice(0, 60),
    model: null,
    queueMode: null,
  });
  return id;
}

export function storeEvent(rows: Rows, submission: Submission, conversation: ConversationId): StoredEvent {
  const seq = rows.events.size + 1;
  const { channel, text, user, key } = submission;
  const event: StoredEvent = {
    id: `evt_${pad(seq)}`,
    seq,
    channel,
    platformId: key ?? pad(seq),
    kind: 'message',
    lane: text.startsWith('/') ? 'command' : 'turn',
    chat: rows.conversations.get(conversation)?.chat ?? 'web:owner',
    identity: `${channel}:${user ?? 'owner'}`,
    conversation,
    person: user ?? 'owner',
    role: 'owner',
    name: user ?? 'owner',
    text,
    files: [],
    messageId: null,
    sentAt: rows.now(),
    receivedAt: rows.now(),
    status: 'queued',
    turn: null,
    reason: null,
  };
  rows.events.set(event.id, event);
  return event;
}

export function startTurn(rows: Rows, event: StoredEvent, conversation: ConversationId): Turn {
  const turn: Turn = {
    id: `trn_${pad(rows.turns.size + 1)}`,
    conversation,
    chat: event.chat,
    direct: true,
    person: 'owner',
    role: 'owner',
    status: 'running',
    epoch: 1,
    attempts: 1,
    solo: false,
    sealed: false,
    dueAt: 0,
    startedAt: rows.now(),
    endedAt: null,
    reason: null,
  };
  rows.turns.set(turn.id, turn);
  setEvent(rows, event.id, { status: 'running', turn: turn.id });
  return turn;
}

export function endTurn(
  rows: Rows,
  at: { readonly event: EventId; readonly turn: TurnId },
  end: { readonly status: Exclude<TurnStatus, 'running'>; readonly reason: string | null },
): void {
  const turn = rows.turns.get(at.turn);
  if (turn === undefined) throw new Error(`no turn ${at.turn}`);
  setEvent(rows, at.event, { status: end.status === 'dead' ? 'dead' : 'done' });
  rows.turns.set(turn.id, { ...turn, status: end.status, endedAt: rows.now(), reason: end.reason });
  commitSteps(rows, { conversation: turn.conversation, turn: turn.id }, [{ kind: 'end', ...end }]);
}

export function setEvent(rows: Rows, id: EventId, change: Partial<StoredEvent>): void {
  const event = rows.events.get(id);
  if (event !== undefined) rows.events.set(id, { ...event, ...change });
}

export function addApproval(
  rows: Rows,
  turn: Turn,
  asked: { readonly id: string; readonly tool: string; readonly arguments: string },
): Approval {
  const approval: Approval = {
    id: asked.id,
    turn: turn.id,
    conversation: turn.conversation,
    chat: turn.chat,
    person: turn.person,
    callId: `call_${asked.id}`,
    plan: { tool: asked.tool, arguments: asked.arguments, hash: 'hash' },
    why: 'it changes something outside',
    status: 'pending',
    createdAt: rows.now(),
    expiresAt: rows.now() + 3_600_000,
    decidedBy: null,
    decidedAt: null,
    reason: null,
  };
  rows.approvals.set(asked.id, approval);
  return approval;
}
