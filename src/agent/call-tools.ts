import type { ApprovalId } from '#core/ids.ts';
import type { Plan } from '#core/policy.ts';
import type { StepBody } from '#core/step.ts';
import type { NewApproval } from '#core/store/turns.ts';
import type { PreparedCall, Tool, ToolContext, ToolResult } from '#core/tool.ts';
import { messageOf } from '#core/errors.ts';
import { sha256Hex } from '#lib/hash.ts';
import type { Moment } from './call-model.ts';
import { visibleTools } from './call-model.ts';
import { commit } from './commit.ts';
import { type Intent, type OpenCall, approvedCallId, type Decision } from './next-action.ts';

type ResultBody = Extract<StepBody, { kind: 'result' }>;
type Prepared = Extract<PreparedCall, { ok: true }>;

/** What becomes of one call: a result at once, an ask, or a run. */
type Sorted =
  | { readonly type: 'result'; readonly body: ResultBody }
  | { readonly type: 'ask'; readonly body: ResultBody; readonly approval: NewApproval }
  | {
      readonly type: 'run';
      readonly intent: Intent;
      readonly isNew: boolean;
      readonly tool: Tool;
      readonly prepared: Prepared;
    };

/**
 * Judges all calls of a reply, commits every intent, ask and immediate result together, then runs what may run:
 * `pure` calls side by side, the others one after another in the order the model gave.
 */
export async function callTools(moment: Moment, calls: readonly OpenCall[]): Promise<void> {
  const sorted = calls.map((open) => sortCall(moment, open));
  await commit(moment, {
    steps: sorted.flatMap((item): StepBody[] => {
      if (item.type === 'run') return item.isNew ? [item.intent] : [];
      return [item.body];
    }),
    approvals: sorted.flatMap((item) => (item.type === 'ask' ? [item.approval] : [])),
  });
  const runs = sorted.filter((item) => item.type === 'run');
  await Promise.all(runs.filter((item) => item.tool.effect === 'pure').map((item) => runCall(moment, item)));
  for (const item of runs.filter((run) => run.tool.effect !== 'pure')) {
    if (moment.run.signal.aborted) return;
    await runCall(moment, item);
  }
}

/** The stored plan of an approval, exactly as it was judged and shown: another hash, and nothing runs. */
export async function runApproved(moment: Moment, decision: Decision, intent: Intent | null): Promise<void> {
  const callId = approvedCallId(decision);
  const tool = visibleTools(moment).find((item) => item.spec.name === decision.tool);
  const prepared = tool?.prepare(decision.arguments);
  const refuse = (content: string): Promise<void> =>
    commit(moment, { steps: [{ kind: 'result', callId, tool: decision.tool, outcome: 'error', content }] });
  if (tool === undefined || prepared === undefined)
    return refuse('The tool is not available any more. It did not run.');
  if (!prepared.ok) return refuse(prepared.error);
  if (planOf(decision.tool, prepared.canonical).hash !== decision.planHash) {
    return refuse('The call is not the one that was approved. It did not run.');
  }
  if (intent !== null && tool.effect === 'once') return commit(moment, { steps: [unknownOutcome(intent)] });
  const mine = intent ?? intentOf(moment, callId, { tool, prepared });
  if (intent === null) await commit(moment, { steps: [mine] });
  return runCall(moment, { type: 'run', intent: mine, isNew: false, tool, prepared });
}

function sortCall(moment: Moment, { call, intent }: OpenCall): Sorted {
  const tool = visibleTools(moment).find((item) => item.spec.name === call.name);
  const result = (outcome: ResultBody['outcome'], content: string): Sorted => ({
    type: 'result',
    body: { kind: 'result', callId: call.id, tool: call.name, outcome, content },
  });
  if (tool === undefined) return result('error', `There is no tool named ${call.name}.`);
  const prepared = tool.prepare(call.arguments);
  if (!prepared.ok) return result('error', prepared.error);
  if (intent !== null) {
    if (tool.effect === 'once') return { type: 'result', body: unknownOutcome(intent) };
    return { type: 'run', intent, isNew: false, tool, prepared };
  }
  const plan = planOf(call.name, prepared.canonical);
  const { turn } = moment.run;
  const verdict = moment.deps.policy.judge(plan, turn);
  if (verdict.decision === 'deny') return result('denied', `Denied by policy: ${verdict.reason}`);
  if (verdict.decision === 'ask') {
    const id = moment.deps.ids.approval();
    return {
      type: 'ask',
      body: {
        kind: 'result',
        callId: call.id,
        tool: call.name,
        outcome: 'awaiting-approval',
        content: awaiting(id),
      },
      approval: {
        id,
        callId: call.id,
        plan,
        why: verdict.reason,
        expiresAt: moment.deps.clock.now() + moment.options.approvalMs,
      },
    };
  }
  return {
    type: 'run',
    intent: intentOf(moment, call.id, { tool, prepared }),
    isNew: true,
    tool,
    prepared,
  };
}

function awaiting(id: ApprovalId): string {
  return `awaiting approval ${id}`;
}

function intentOf(moment: Moment, callId: string, what: { tool: Tool; prepared: Prepared }): Intent {
  const last = moment.steps.at(-1)?.seq ?? 0;
  const tool = what.tool.spec.name;
  return {
    kind: 'intent',
    callId,
    tool,
    arguments: what.prepared.canonical,
    effect: what.tool.effect,
    // The sequence of the step before it tells two calls with one id in one turn apart, and is the same after a crash.
    effectKey: `${moment.run.turn.id}:${last}:${callId}`,
    planHash: planOf(tool, what.prepared.canonical).hash,
  };
}

function planOf(tool: string, canonical: string): Plan {
  return { tool, arguments: canonical, hash: sha256Hex(`${tool}\n${canonical}`) };
}

function unknownOutcome(intent: Intent): ResultBody {
  const content =
    'Outcome unknown: the call was interrupted after it began and may or may not have happened. It is not run again. Tell the person.';
  return { kind: 'result', callId: intent.callId, tool: intent.tool, outcome: 'unknown', content };
}

async function runCall(moment: Moment, item: Extract<Sorted, { type: 'run' }>): Promise<void> {
  const { deps, run } = moment;
  if (!item.isNew) await deps.assertEpoch();
  const timeout = new AbortController();
  const cancel = deps.clock.after(item.tool.timeoutMs, () => timeout.abort());
  const signal = AbortSignal.any([run.signal, timeout.signal]);
  const outcome = await settleWithin(item.prepared, contextOf(moment, item.intent, signal), signal);
  cancel();
  // Stopped or fenced: the row stays an intent, and its effect class decides what the next boot does with it.
  if (run.signal.aborted && outcome.type !== 'done') return;
  await commit(moment, { steps: [resultOf(item, outcome)] });
}

type Outcome =
  | { readonly type: 'done'; readonly result: ToolResult }
  | { readonly type: 'threw'; readonly reason: string }
  | { readonly type: 'aborted' };

/** Ends with the tool or with the signal, whichever is first: a tool that ignores its signal cannot hold the turn. */
async function settleWithin(prepared: Prepared, context: ToolContext, signal: AbortSignal): Promise<Outcome> {
  const aborted = new Promise<Outcome>((resolve) => {
    signal.addEventListener('abort', () => resolve({ type: 'aborted' }), { once: true });
  });
  const done = prepared.run(context).then(
    (result): Outcome => ({ type: 'done', result }),
    (error: unknown): Outcome => ({ type: 'threw', reason: messageOf(error) }),
  );
  return Promise.race([done, aborted]);
}

function resultOf(item: Extract<Sorted, { type: 'run' }>, outcome: Outcome): ResultBody {
  const base = { kind: 'result', callId: item.intent.callId, tool: item.intent.tool } as const;
  if (outcome.type === 'done') {
    return { ...base, outcome: outcome.result.ok ? 'ok' : 'error', content: outcome.result.content };
  }
  if (outcome.type === 'threw')
    return { ...base, outcome: 'error', content: `The tool failed: ${outcome.reason}` };
  if (item.tool.effect === 'once') return unknownOutcome(item.intent);
  return { ...base, outcome: 'error', content: `No result within ${item.tool.timeoutMs / 1000} s.` };
}

function contextOf(moment: Moment, intent: Intent, signal: AbortSignal): ToolContext {
  const { turn } = moment.run;
  return {
    turn: turn.id,
    conversation: turn.conversation,
    chat: turn.chat,
    person: turn.person,
    role: turn.role,
    timezone: moment.person.timezone,
    effectKey: intent.effectKey,
    signal,
  };
}
