import type { Plan } from '#core/policy.ts';
import type { StepBody, ToolCall } from '#core/step.ts';
import type { NewApproval } from '#core/store/turns.ts';
import type { Tool } from '#core/tool.ts';
import { type Moment, commit, isOutOfTime, turnReplies, visibleTools } from '../moment.ts';
import { type Decision, type Intent, type OpenCall, type Reply, approvedCallId } from '../next-action.ts';
import {
  type Prepared,
  type ResultBody,
  type Run,
  interrupted,
  newRun,
  planOf,
  unknownOutcome,
} from './plan.ts';
import { runCall } from './run-call.ts';
import { settleUnknown } from './settle-unknown.ts';

/** What becomes of one call: a result at once, an ask, or a run. */
type Sorted =
  | { readonly type: 'result'; readonly body: ResultBody }
  | { readonly type: 'unknown'; readonly body: ResultBody }
  | { readonly type: 'ask'; readonly body: ResultBody; readonly approval: NewApproval }
  | { readonly type: 'run'; readonly run: Run };

/**
 * Judges all open calls of a reply; commits every immediate result and ask and the intents of what is `pure`; runs these
 * side by side, and the others one after another in the order the model gave, each with its intent right before it: an
 * intent without a result is a call that has begun.
 */
export async function callTools(
  moment: Moment,
  { reply, calls }: { readonly reply: Reply; readonly calls: readonly OpenCall[] },
): Promise<void> {
  const room = roomFor(moment, reply);
  const sorted = calls.map((open) => sortCall(moment, open, room));
  const runs = sorted.flatMap((item) => (item.type === 'run' ? [item.run] : []));
  const pure = runs.filter((run) => run.intent.effect === 'pure');
  const ordered = runs.filter((run) => run.intent.effect !== 'pure');
  await commit(moment, {
    steps: [
      ...sorted.flatMap((item) => (item.type === 'result' || item.type === 'ask' ? [item.body] : [])),
      ...newIntents(pure),
    ],
    approvals: sorted.flatMap((item) => (item.type === 'ask' ? [item.approval] : [])),
  });
  for (const item of sorted) if (item.type === 'unknown') await settleUnknown(moment, item.body);
  await allEnded(pure.map((run) => runCall(moment, run)));
  for (const run of ordered) {
    if (moment.run.signal.aborted) return;
    if (run.isNew && isOutOfTime(moment)) await commit(moment, { steps: [tooLate(run.intent)] });
    else await runOne(moment, run);
  }
}

/** The stored plan of an approval, exactly as it was judged and shown: another hash, and nothing runs. */
export async function runApproved(moment: Moment, decision: Decision, intent: Intent | null): Promise<void> {
  const callId = approvedCallId(decision);
  const refuse = (content: string, outcome: ResultBody['outcome'] = 'error'): Promise<void> =>
    commit(moment, { steps: [{ kind: 'result', callId, tool: decision.tool, outcome, content }] });
  const found = prepareCall(moment, { name: decision.tool, arguments: decision.arguments });
  if (intent !== null && mayHaveActed(intent, found))
    return settleUnknown(moment, unknownOutcome(intent, interrupted));
  if (!found.ok) return refuse(`It did not run. ${found.error}`);
  const plan = planOf(decision.tool, found.prepared);
  if (plan.hash !== decision.planHash)
    return refuse('The call is not the one that was approved. It did not run.');
  if (intent !== null) return runOne(moment, { ...found, intent, isNew: false });
  // A yes outweighs an ask, never a no that was said since.
  const verdict = moment.deps.policy.judge(plan, moment.run.turn);
  if (verdict.decision === 'deny') return refuse(`Denied by policy: ${verdict.reason}`, 'denied');
  return runOne(moment, newRun(moment, callId, found));
}

type Found =
  | { readonly ok: true; readonly tool: Tool; readonly prepared: Prepared }
  | { readonly ok: false; readonly error: string };

function prepareCall(moment: Moment, call: Pick<ToolCall, 'name' | 'arguments'>): Found {
  const tool = visibleTools(moment).find((item) => item.spec.name === call.name);
  if (tool === undefined) return { ok: false, error: `There is no tool named ${call.name}.` };
  const prepared = tool.prepare(call.arguments);
  return prepared.ok ? { ok: true, tool, prepared } : prepared;
}

/** It has begun and cannot be run again: never by its class, or not as it was. */
function mayHaveActed(intent: Intent, found: Found): boolean {
  return intent.effect === 'once' || (intent.effect === 'keyed' && !found.ok);
}

/** How many calls of this reply may still run in this turn. */
function roomFor(moment: Moment, reply: Reply): ReadonlySet<string> {
  const before = turnReplies(moment)
    .slice(0, -1)
    .reduce((sum, earlier) => sum + earlier.toolCalls.length, 0);
  const room = Math.max(0, moment.options.maxToolCalls - before);
  return new Set(reply.toolCalls.slice(0, room).map((call) => call.id));
}

function sortCall(moment: Moment, { call, intent }: OpenCall, room: ReadonlySet<string>): Sorted {
  const result = (outcome: ResultBody['outcome'], content: string): Sorted => ({
    type: 'result',
    body: { kind: 'result', callId: call.id, tool: call.name, outcome, content },
  });
  const found = prepareCall(moment, call);
  if (intent !== null && mayHaveActed(intent, found))
    return { type: 'unknown', body: unknownOutcome(intent, interrupted) };
  if (!room.has(call.id)) {
    const most = moment.options.maxToolCalls;
    return result('error', `It did not run: one answer may take ${most} calls. Go on with what you have.`);
  }
  if (!found.ok) return result('error', found.error);
  if (intent !== null) return { type: 'run', run: { ...found, intent, isNew: false } };
  const plan = planOf(call.name, found.prepared);
  const verdict = moment.deps.policy.judge(plan, moment.run.turn);
  switch (verdict.decision) {
    case 'allow':
      return { type: 'run', run: newRun(moment, call.id, found) };
    case 'deny':
      return result('denied', `Denied by policy: ${verdict.reason}`);
    case 'ask':
      return askFor(moment, call.id, { plan, why: verdict.reason });
  }
}

function askFor(moment: Moment, callId: string, ask: { readonly plan: Plan; readonly why: string }): Sorted {
  const { deps, options } = moment;
  const id = deps.ids.approval();
  return {
    type: 'ask',
    body: {
      kind: 'result',
      callId,
      tool: ask.plan.tool,
      outcome: 'awaiting-approval',
      content: `awaiting approval ${id}`,
    },
    approval: { id, callId, ...ask, expiresAt: deps.clock.now() + options.approvalMs },
  };
}

function newIntents(runs: readonly Run[]): readonly StepBody[] {
  return runs.flatMap(({ intent, isNew }) => (isNew ? [intent] : []));
}

/** The commit says as well that the turn still runs and that nobody has taken over. */
async function runOne(moment: Moment, run: Run): Promise<void> {
  await commit(moment, { steps: newIntents([run]) });
  await runCall(moment, run);
}

function tooLate({ callId, tool }: Intent): ResultBody {
  const content = 'It did not run: the time of this answer is used up.';
  return { kind: 'result', callId, tool, outcome: 'error', content };
}

/** Waits for all, then throws what the first one threw: none goes on behind the back of the next attempt. */
async function allEnded(calls: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(calls);
  const failed = ended.find((call) => call.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
