import type { ModelRequest } from '#core/ports/model.ts';
import type { Step } from '#core/step.ts';
import type { Turn } from '#core/turn.ts';
import type { AgentDeps, AgentOptions } from './deps.ts';

/** Bytes of prompt per token: a first measure. The model's own estimate and its refusals decide. */
export const bytesPerToken = 4;

/** The default model's window decides; a smaller one is met again when the request is built. */
const nothing: Omit<ModelRequest, 'person'> = {
  model: null,
  messages: [],
  tools: [],
  maxOutputTokens: 1,
  lane: 'interactive',
  deadlineAt: 0,
};

export interface History {
  /** Whole turns, oldest first, the running one last. */
  readonly steps: Step[];
  readonly isCut: boolean;
}

/**
 * What a turn starts from: its own steps, and of those before as many as the model's window and the owner's purse could
 * hold. A conversation of years costs a turn no more than one of a day.
 */
export async function readHistory(
  deps: Pick<AgentDeps, 'steps' | 'model'>,
  options: Pick<AgentOptions, 'maxHistoryTokens'>,
  turn: Turn,
): Promise<History> {
  const { contextTokens } = deps.model.estimate({ ...nothing, person: turn.person });
  const chars = Math.min(contextTokens, options.maxHistoryTokens) * bytesPerToken;
  const { steps, complete } = await deps.steps.latest({
    conversation: turn.conversation,
    chars,
    turn: turn.id,
  });
  return complete ? { steps: [...steps], isCut: false } : { steps: cutHistory(steps, turn.id), isCut: true };
}

/**
 * From where the model sees a history that has no visible beginning: from the first turn behind a mark. The mark is the
 * seq in the older half of the steps that the highest power of two divides. As the steps move on it stays where it is
 * until they have left it behind, so a prompt's prefix is the same for many turns, and nothing has to be remembered.
 */
export function cutHistory(steps: readonly Step[], turn: Turn['id']): Step[] {
  const own = steps.findIndex((step) => step.turn === turn);
  const last = own < 0 ? steps.length : own;
  const middle = steps[Math.min(Math.floor(steps.length / 2), last)] ?? steps.at(-1);
  const mark = mostEven(steps[0]?.seq ?? 0, middle?.seq ?? 0);
  const begun = new Set<Step['turn']>([null]);
  for (const [index, step] of steps.slice(0, last).entries()) {
    const isStart = !begun.has(step.turn);
    begun.add(step.turn);
    // The first of these steps may be in the middle of its turn.
    if (isStart && index > 0 && step.seq >= mark) return steps.slice(index);
  }
  return steps.slice(last);
}

/** Of the whole numbers from `least` to `most` the one that the highest power of two divides. */
function mostEven(least: number, most: number): number {
  let best = most;
  for (let power = 2; Math.floor(most / power) * power >= least && power <= most; power *= 2)
    best = Math.floor(most / power) * power;
  return best;
}
