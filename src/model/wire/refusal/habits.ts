import type { Target } from '../../catalogue/names.ts';
import type { Habits } from '../body.ts';
import type { Facts } from './facts.ts';

/** Remembers how each model wants to be asked, for as long as the process runs. */
export interface HabitBook {
  of(target: Target): Habits;
  /** True when the refusal names a parameter that can be asked differently; the next call does so. */
  learn(target: Target, refusal: Facts): boolean;
}

export function createHabitBook(): HabitBook {
  const learned = new Map<string, Habits>();
  return { of, learn };

  function of(target: Target): Habits {
    return learned.get(target.label) ?? firstHabits(target);
  }

  function learn(target: Target, refusal: Facts): boolean {
    if (refusal.status !== 400 && refusal.status !== 422) return false;
    const now = of(target);
    const next = otherHabits(now, refusal.message);
    if (next === null) return false;
    learned.set(target.label, next);
    return true;
  }
}

/** A server that knows only the older name; one that recommends the newer name says so in other words. */
const unknownField =
  /(unsupported|unknown|unrecogni|not permitted|extra).*max_completion_tokens|max_completion_tokens.*(not supported|not permitted|unknown)/i;

function firstHabits(target: Target): Habits {
  return {
    streamUsage: true,
    maxTokensField: target.preset?.maxTokensField ?? 'max_tokens',
    noReasoning: false,
  };
}

/** Null when the words name nothing that is left to change; each change is made once, so a call ends. */
function otherHabits(now: Habits, words: string): Habits | null {
  if (now.streamUsage && words.includes('stream_options')) return { ...now, streamUsage: false };
  if (!now.noReasoning && words.includes('reasoning_effort') && /\btools?\b/i.test(words)) {
    return { ...now, noReasoning: true };
  }
  if (now.maxTokensField === 'max_tokens' && words.includes('max_completion_tokens')) {
    return { ...now, maxTokensField: 'max_completion_tokens' };
  }
  if (now.maxTokensField === 'max_completion_tokens' && unknownField.test(words)) {
    return { ...now, maxTokensField: 'max_tokens' };
  }
  return null;
}
