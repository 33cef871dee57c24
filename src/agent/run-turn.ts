import type { ModelReply } from '#core/ports/model.ts';
import type { NewDelivery } from '#core/delivery.ts';
import type { Step, StepBody, ToolCall } from '#core/step.ts';
import type { Append } from '#core/store/turns.ts';
import { type Called, type Moment, callModel } from './call-model.ts';
import { callTools, runApproved } from './call-tools.ts';
import { commit } from './commit.ts';
import type { AgentDeps, AgentOptions, TurnOutcome, TurnRun } from './deps.ts';
import { type Reply, nextAction } from './next-action.ts';
import { emptyReplyText, limitText, modelFailureText, overBudgetText, refusedReplyText } from './wording.ts';
import { parkTurn } from './park.ts';

/**
 * One turn from wherever its steps stand to its end:
 *
 *   steps → next action → call the model | run tools | run an approved plan | park | finish → commit → steps …
 *
 * Contract: every effect comes in through deps; whatever is used was committed before; it may be stopped at any instant
 * and run again from the rows. Throws only for defects and for `fenced` or `store-unavailable`.
 */
export async function runTurn(deps: AgentDeps, options: AgentOptions, run: TurnRun): Promise<TurnOutcome> {
  const person = { ...deps.directory.person(run.turn.person), role: run.turn.role };
  const steps = [...(await deps.steps.ofConversation(run.turn.conversation))];
  const moment: Moment = { deps, options, run, person, steps };
  const startedAt = deps.clock.now();
  while (!run.signal.aborted) {
    const action = nextAction(turnSteps(moment));
    switch (action.type) {
      case 'ended':
        return 'ended';
      case 'run-tools':
        await callTools(moment, action.calls);
        break;
      case 'run-approved':
        await runApproved(moment, action.decision, action.intent);
        break;
      case 'park':
        await parkTurn(moment, action.reply);
        return 'ended';
      case 'finish':
        await finish(moment, action.reply.text, {});
        return 'ended';
      case 'call-model': {
        const limit = limitReached(moment, startedAt);
        if (limit !== null) await finish(moment, limitText(limit), { failed: `limit: ${limit}` });
        else await thinkOnce(moment);
        break;
      }
    }
  }
  return 'left';
}

function turnSteps(moment: Moment): readonly Step[] {
  return moment.steps.filter((step) => step.turn === moment.run.turn.id);
}

function limitReached(moment: Moment, startedAt: number): 'calls' | 'tokens' | 'time' | null {
  const { deps, options } = moment;
  const replies = turnSteps(moment).flatMap((step) => (step.body.kind === 'reply' ? [step.body] : []));
  if (replies.length >= options.maxModelCalls) return 'calls';
  const tokens = replies.reduce(
    (sum, { usage }) => sum + (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0),
    0,
  );
  if (tokens >= options.maxTurnTokens) return 'tokens';
  return deps.clock.now() - startedAt >= options.maxTurnMs ? 'time' : null;
}

/** One model call and what it came to. A context that is too long is tried twice more with half the history. */
async function thinkOnce(moment: Moment): Promise<void> {
  moment.steps.push(...(await moment.run.joined()));
  let called = await callModel(moment, 1);
  for (const share of [0.5, 0.25]) {
    if (called.type !== 'error' || called.error.type !== 'context-too-long') break;
    await commit(moment, { settle: called.settle });
    called = await callModel(moment, share);
  }
  await settleCall(moment, called);
}

async function settleCall(moment: Moment, called: Called): Promise<void> {
  switch (called.type) {
    case 'stopped':
      return;
    case 'joined':
      await restart(moment, called.settle);
      return;
    case 'over-budget':
      await finish(moment, overBudgetText(called.over), { failed: `over budget: ${called.over.scope}` });
      return;
    case 'error': {
      const reason = `${called.error.type}: ${called.error.reason}`;
      await finish(moment, modelFailureText(called.error), { failed: reason, settle: called.settle });
      return;
    }
    case 'reply':
      // A message that joined while the answer came in is not lost behind it: the answer is made again with it.
      if (await moment.run.close()) await settleReply(moment, called.reply, called.settle);
      else await restart(moment, called.settle);
      return;
  }
}

async function restart(moment: Moment, settle: Append['settle']): Promise<void> {
  const { deps, run } = moment;
  deps.live.publish({ type: 'restart', conversation: run.turn.conversation, turn: run.turn.id });
  await commit(moment, { settle });
}

/** A reply without calls ends the turn in the commit that journals it: one fsync between the model and the answer. */
async function settleReply(moment: Moment, reply: ModelReply, settle: Append['settle']): Promise<void> {
  const body: Reply = {
    kind: 'reply',
    text: reply.text,
    toolCalls: withOwnIds(reply.toolCalls),
    model: reply.model,
    usage: reply.usage,
    finish: reply.finish,
  };
  if (body.toolCalls.length > 0) return commit(moment, { steps: [body], settle, seal: true });
  if (reply.finish === 'refused')
    return finish(moment, reply.text || refusedReplyText, { reply: body, settle });
  if (reply.text.trim() === '')
    return finish(moment, emptyReplyText, { reply: body, settle, failed: 'empty reply' });
  return finish(moment, reply.text, { reply: body, settle });
}

/** Ids from outside name rows of ours: odd or repeated ones are replaced. */
function withOwnIds(calls: readonly ToolCall[]): ToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const usable = /^[A-Za-z0-9_-]{1,64}$/.test(call.id) && !seen.has(call.id);
    const id = usable ? call.id : `call_${index}`;
    seen.add(id);
    return { ...call, id };
  });
}

interface Ending {
  readonly reply?: Reply;
  readonly settle?: Append['settle'];
  /** Why there is no real answer; the text then says so to the person and becomes a notice. */
  readonly failed?: string;
}

async function finish(moment: Moment, text: string, ending: Ending): Promise<void> {
  const { deps, run } = moment;
  const notice: readonly StepBody[] = ending.failed === undefined ? [] : [{ kind: 'notice', text }];
  const reply: readonly StepBody[] = ending.reply === undefined ? [] : [ending.reply];
  const status = ending.failed === undefined ? 'done' : 'failed';
  await commit(moment, {
    steps: [...reply, ...notice],
    deliveries: await finalDeliveries(moment, text),
    settle: ending.settle ?? null,
    seal: true,
    end: { status, reason: ending.failed ?? null },
  });
  deps.live.clear(run.turn.id);
}

async function finalDeliveries(moment: Moment, markdown: string): Promise<readonly NewDelivery[]> {
  const { deps, run } = moment;
  const editOf = await deps.preview.finish(run.turn);
  return deps.compose.say({
    chat: run.turn.chat,
    markdown,
    key: `final:${run.turn.id}`,
    replyTo: null,
    buttons: [],
    editOf,
  });
}
