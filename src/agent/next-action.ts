import type { Step, StepBody, ToolCall } from '#core/step.ts';

export type Intent = Extract<StepBody, { kind: 'intent' }>;
export type Decision = Extract<StepBody, { kind: 'decision' }>;
export type Reply = Extract<StepBody, { kind: 'reply' }>;

export interface OpenCall {
  readonly call: ToolCall;
  /** Its intent, when a crash came between the intent and the result. */
  readonly intent: Intent | null;
}

/** What a turn does next. */
export type Action =
  | { readonly type: 'call-model' }
  | { readonly type: 'run-tools'; readonly reply: Reply; readonly calls: readonly OpenCall[] }
  | { readonly type: 'run-approved'; readonly decision: Decision; readonly intent: Intent | null }
  | { readonly type: 'park'; readonly reply: Reply }
  | { readonly type: 'finish'; readonly reply: Reply }
  | { readonly type: 'ended' };

/**
 * The turn as a state machine over its own steps: whatever was committed before a crash, the next action follows from
 * the rows alone. Pure and total.
 */
export function nextAction(steps: readonly Step[]): Action {
  const bodies = steps.map((step) => step.body);
  if (bodies.some((body) => body.kind === 'end')) return { type: 'ended' };
  const lastReply = bodies.findLastIndex((body) => body.kind === 'reply');
  const reply = bodies[lastReply];
  if (reply?.kind !== 'reply') return beforeAnyReply(bodies);
  const after = bodies.slice(lastReply + 1);
  if (reply.toolCalls.length === 0) {
    return after.some((body) => body.kind === 'input') ? { type: 'call-model' } : { type: 'finish', reply };
  }
  const open = reply.toolCalls.filter((call) => !after.some((body) => isResultOf(body, call.id)));
  if (open.length > 0)
    return { type: 'run-tools', reply, calls: open.map((call) => toOpenCall(call, after)) };
  const waits = after.some((body) => body.kind === 'result' && body.outcome === 'awaiting-approval');
  return waits ? { type: 'park', reply } : { type: 'call-model' };
}

/** A turn that begins with an approved plan runs it first. */
function beforeAnyReply(bodies: readonly StepBody[]): Action {
  const decision = bodies.find((body) => body.kind === 'decision');
  if (decision?.decision !== 'approved') return { type: 'call-model' };
  const callId = approvedCallId(decision);
  if (bodies.some((body) => isResultOf(body, callId))) return { type: 'call-model' };
  const intent = bodies.find((body) => body.kind === 'intent' && body.callId === callId);
  return { type: 'run-approved', decision, intent: intent?.kind === 'intent' ? intent : null };
}

/** Marks the result of an approved plan; no id of a model's call has a colon. */
export const approvedCallPrefix = 'approved:';

export function approvedCallId(decision: Decision): string {
  return `${approvedCallPrefix}${decision.approval}:${decision.callId}`;
}

function isResultOf(body: StepBody, callId: string): boolean {
  return body.kind === 'result' && body.callId === callId;
}

function toOpenCall(call: ToolCall, after: readonly StepBody[]): OpenCall {
  const intent = after.find((body) => body.kind === 'intent' && body.callId === call.id);
  return { call, intent: intent?.kind === 'intent' ? intent : null };
}
