import type { NewDelivery } from '#core/delivery.ts';
import type { ModelReply } from '#core/ports/model.ts';
import type { StepBody, ToolCall } from '#core/step.ts';
import type { Append } from '#core/store/turns.ts';
import { type Called, callModel, historyShares } from './call-model.ts';
import type { TurnOutcome, TurnRun } from '#core/ports/turn-run.ts';
import type { AgentDeps, AgentOptions } from './deps.ts';
import { type Moment, addSteps, commit, isOutOfTime, turnReplies, turnSteps } from './moment.ts';
import { type Reply, nextAction } from './next-action.ts';
import { parkTurn } from './park.ts';
import { readHistory } from './history.ts';
import { readMedia } from './media/read-media.ts';
import { callTools, runApproved } from './tools/call-tools.ts';
import {
  cutReplyText,
  emptyReplyText,
  limitText,
  modelFailureText,
  overBudgetText,
  refusedReplyText,
} from './wording.ts';

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
  const startedAt = deps.clock.elapsed();
  const { steps, isCut } = await readHistory(deps, options, run.turn);
  const moment: Moment = { deps, options, run, person, startedAt, movedAt: startedAt, steps, isCut };
  while (!run.signal.aborted) {
    const action = nextAction(turnSteps(moment));
    switch (action.type) {
      case 'ended':
        return 'ended';
      case 'run-tools':
        await callTools(moment, action);
        break;
      case 'run-approved':
        await runApproved(moment, action.decision, action.intent);
        break;
      case 'park':
        await parkTurn(moment, action.reply);
        return 'ended';
      case 'finish':
        await finish(moment, endingOf(action.reply));
        return 'ended';
      case 'call-model': {
        const limit = limitReached(moment);
        if (limit !== null) await fail(moment, limitText(limit), { reason: `limit: ${limit}` });
        else await thinkOnce(moment);
        break;
      }
    }
  }
  return 'left';
}

function limitReached(moment: Moment): 'calls' | 'tokens' | 'time' | null {
  const { options } = moment;
  const replies = turnReplies(moment);
  if (replies.length >= options.maxModelCalls) return 'calls';
  const tokens = replies.reduce(
    (sum, { usage }) => sum + (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0),
    0,
  );
  if (tokens >= options.maxTurnTokens) return 'tokens';
  return isOutOfTime(moment) ? 'time' : null;
}

/** What people sent is read, then one model call and what it came to. A context that is too long is tried again with less history. */
async function thinkOnce(moment: Moment): Promise<void> {
  addSteps(moment, await moment.run.joined());
  await readMedia(moment);
  if (moment.run.signal.aborted) return;
  let called = await callModel(moment, historyShares);
  while (called.type === 'error' && called.error.type === 'context-too-long' && called.smaller.length > 0) {
    await commit(moment, { settle: called.settle });
    called = await callModel(moment, called.smaller);
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
      await fail(moment, overBudgetText(called.over), { reason: `over budget: ${called.over.scope}` });
      return;
    case 'error': {
      const reason = `${called.error.type}: ${called.error.reason}`;
      await fail(moment, modelFailureText(called.error), { reason, settle: called.settle });
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
  if (body.toolCalls.length === 0) return finish(moment, { ...endingOf(body), steps: [body], settle });
  await commit(moment, { steps: [body], settle, seal: true });
  moment.deps.live.clear(moment.run.turn.id);
}

/** Ids from outside name rows of ours: odd ones and those that repeat within a reply are replaced. */
function withOwnIds(calls: readonly ToolCall[]): ToolCall[] {
  const taken = new Set<string>();
  return calls.map((call) => {
    const id = usableId(call.id, taken);
    taken.add(id);
    return { ...call, id };
  });
}

function usableId(id: string, taken: ReadonlySet<string>): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id) && !taken.has(id)) return id;
  let index = taken.size;
  while (taken.has(`call_${index}`)) index += 1;
  return `call_${index}`;
}

interface Ending {
  /** The model's words. */
  readonly text: string;
  /** Tiro's own beside or instead of them; null where the answer speaks for itself. */
  readonly notice: string | null;
  /** Why there is no real answer. */
  readonly failed: string | null;
  readonly steps?: readonly StepBody[];
  readonly settle?: Append['settle'];
}

/** An answer that says nothing, or not all of it, is not left to speak for itself. */
function endingOf({ text, finish }: Reply): Ending {
  const isBlank = text.trim() === '';
  if (isBlank && finish !== 'refused') return { text: '', notice: emptyReplyText, failed: 'empty reply' };
  if (isBlank) return { text: '', notice: refusedReplyText, failed: null };
  return { text, notice: finish === 'length' ? cutReplyText : null, failed: null };
}

function fail(
  moment: Moment,
  notice: string,
  why: { readonly reason: string; readonly settle?: Append['settle'] },
): Promise<void> {
  return finish(moment, { text: '', notice, failed: why.reason, settle: why.settle ?? null });
}

async function finish(moment: Moment, ending: Ending): Promise<void> {
  const { deps, run } = moment;
  const { text, notice, failed, steps = [], settle = null } = ending;
  const said = [text, notice ?? ''].filter((part) => part !== '').join('\n\n');
  const deliveries = await finalDeliveries(moment, said);
  // Markdown may come to nothing once it is rendered; silence is no answer.
  const isUnseen = deliveries.length === 0 && deps.compose.abilitiesOf(run.turn.chat)?.delivery === 'push';
  if (isUnseen && notice === null) return finish(moment, { ...ending, notice: emptyReplyText });
  await commit(moment, {
    steps: notice === null ? steps : [...steps, { kind: 'notice', text: notice }],
    deliveries,
    settle,
    seal: true,
    end: { status: failed === null ? 'done' : 'failed', reason: failed },
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
