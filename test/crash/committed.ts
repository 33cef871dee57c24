import { z } from 'zod';
import type { Append } from '#core/store/turns.ts';
import type { Ended } from './history.ts';

export type Committed = Ended['committed'][number];

const argumentsSchema = z.object({ waiting: z.array(z.string()) });

/** How the fake model begins an answer that stands behind the results of tools, and any other. */
export const answerWord = { results: 'ANSWER WITH RESULTS', start: 'ANSWER' } as const;
/** The last word of an answer; no piece of it has it. */
export const lastWord = 'END';

/** All names are of one length, so that a text which is cut off ends in a whole name or in none. */
const digits = 6;
const namePattern = new RegExp(`\\bm\\d{${digits}}\\b`, 'g');

export function nameOf(index: number): string {
  return `m${String(index).padStart(digits, '0')}`;
}

/** Names of messages in a text, in order. */
export function messagesIn(text: string): readonly string[] {
  return [...new Set(text.match(namePattern) ?? [])];
}

/** The replies of the model among the steps of a commit: which messages they are for, and at which stage. */
export function repliesIn({ steps }: Pick<Append, 'steps'>): readonly Committed[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'reply') return [];
    const [call] = step.toolCalls;
    if (call === undefined) {
      const stage = step.text.startsWith(answerWord.results) ? ('results' as const) : ('start' as const);
      return messagesIn(step.text).map((message) => ({ message, stage }));
    }
    const { waiting } = argumentsSchema.parse(JSON.parse(call.arguments));
    return waiting.map((message) => ({ message, stage: 'start' as const }));
  });
}
