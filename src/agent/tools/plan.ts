import type { Plan } from '#core/policy.ts';
import type { StepBody } from '#core/step.ts';
import type { PreparedCall, Tool } from '#core/tool.ts';
import { sha256Hex } from '#lib/hash.ts';
import type { Moment } from '../moment.ts';
import type { Intent } from '../next-action.ts';

export type ResultBody = Extract<StepBody, { kind: 'result' }>;
export type Prepared = Extract<PreparedCall, { ok: true }>;

/** A call that may run: who it is for is in its intent. */
export interface Run {
  readonly intent: Intent;
  /** Its intent is not a row yet. */
  readonly isNew: boolean;
  readonly tool: Tool;
  readonly prepared: Prepared;
}

/** What is judged, shown, approved and bound by its hash: the tool and its parsed arguments. */
export function planOf(tool: string, prepared: Prepared): Plan {
  const { canonical } = prepared;
  return { tool, arguments: canonical, hash: sha256Hex(`${tool}\n${canonical}`) };
}

export function newRun(moment: Moment, callId: string, what: { tool: Tool; prepared: Prepared }): Run {
  const { tool, prepared } = what;
  const last = moment.steps.at(-1)?.seq ?? 0;
  const plan = planOf(tool.spec.name, prepared);
  const intent: Intent = {
    kind: 'intent',
    callId,
    tool: plan.tool,
    arguments: plan.arguments,
    effect: tool.effect,
    // The sequence of the step before it tells two calls with one id in one turn apart, and is the same after a crash.
    effectKey: `${moment.run.turn.id}:${last}:${callId}`,
    planHash: plan.hash,
  };
  return { intent, isNew: true, tool, prepared };
}

/** For a call that has begun and may or may not have happened; the model and the person are told so. */
export function unknownOutcome(intent: Intent, why: string): ResultBody {
  const content = `Outcome unknown: ${why}. It may or may not have happened and is not run again. Tell the person.`;
  return { kind: 'result', callId: intent.callId, tool: intent.tool, outcome: 'unknown', content };
}

export const interrupted = 'the call was interrupted after it had begun';
