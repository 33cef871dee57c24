import type { Approval } from '#core/policy.ts';
import type { Step, StepBody, Usage } from '#core/step.ts';
import type { FinishReason } from './wire.ts';

/** How a message ended, as far as somebody who waits on the line is concerned. */
export type Answer =
  | {
      readonly type: 'answer';
      readonly text: string;
      /** The part of `text` that is not a model reply: an approval's text, a notice. Null when all of it is. */
      readonly ownWords: string | null;
      readonly finish: FinishReason;
      readonly usage: Usage;
    }
  | { readonly type: 'refused' | 'failed' | 'stopping'; readonly reason: string };

type Body<K extends StepBody['kind']> = Extract<StepBody, { kind: K }>;

const noUsage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

/** Null while the turn has no `end` step. A later decision does not change the answer: it has a turn of its own. */
export function answerOfTurn(steps: readonly Step[], approvals: readonly Approval[]): Answer | null {
  const end = bodies(steps, 'end').at(-1);
  if (end === undefined) return null;
  const replies = bodies(steps, 'reply');
  const usage = sumUsage(replies);
  const final = replies.findLast((reply) => reply.toolCalls.length === 0);
  if (end.status === 'done' && final !== undefined) {
    const notices = noticesOf(steps);
    const ownWords = notices === '' ? null : notices;
    const text = joined(final.text, notices);
    return { type: 'answer', text, ownWords, finish: finishOf(final), usage };
  }
  const words = wordsOf(steps, { end, approvals });
  if (end.status !== 'parked') return { type: 'answer', text: words, ownWords: words, finish: 'stop', usage };
  // The words of a parked turn may begin with what the model said beside its ask.
  const said = replies.at(-1)?.text.trim() ?? '';
  const ownWords = words.startsWith(said) ? words.slice(said.length).trim() : words;
  return { type: 'answer', text: joined(said, ownWords), ownWords, finish: 'stop', usage };
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What Tiro itself said: the answer of a command. */
export function answerOfNotice(text: string): Answer {
  return { type: 'answer', text, ownWords: text, finish: 'stop', usage: noUsage };
}

function wordsOf(
  steps: readonly Step[],
  ended: { readonly end: Body<'end'>; readonly approvals: readonly Approval[] },
): string {
  const notices = noticesOf(steps);
  if (notices !== '') return notices;
  if (ended.end.status !== 'parked') return ended.end.reason ?? sentenceByStatus[ended.end.status];
  if (ended.approvals.length > 0) return ended.approvals.map(approvalToText).join('\n\n');
  return bodies(steps, 'result')
    .filter((result) => result.outcome === 'awaiting-approval')
    .map((result) => result.content)
    .join('\n\n');
}

const sentenceByStatus: Readonly<Record<Exclude<Body<'end'>['status'], 'parked'>, string>> = {
  done: 'Done; there was nothing to say.',
  failed: 'This could not be answered.',
  cancelled: 'Stopped.',
  dead: 'This was given up after it failed several times. `tiro turns why` tells more.',
};

function approvalToText(approval: Approval): string {
  const { id, plan, why } = approval;
  return [
    `Approval ${id}: may I run ${plan.tool} with ${plan.arguments}? (${why})`,
    `Answer with "approve ${id}" or "deny ${id}".`,
  ].join('\n');
}

function noticesOf(steps: readonly Step[]): string {
  return bodies(steps, 'notice')
    .map((notice) => notice.text)
    .join('\n\n');
}

function finishOf(reply: Body<'reply'>): FinishReason {
  if (reply.finish === 'length') return 'length';
  return reply.finish === 'refused' ? 'content_filter' : 'stop';
}

function sumUsage(replies: readonly Body<'reply'>[]): Usage {
  return replies.reduce(
    (sum, { usage }) => ({
      promptTokens: sum.promptTokens + (usage?.promptTokens ?? 0),
      cachedTokens: sum.cachedTokens + (usage?.cachedTokens ?? 0),
      completionTokens: sum.completionTokens + (usage?.completionTokens ?? 0),
    }),
    noUsage,
  );
}

function bodies<K extends StepBody['kind']>(steps: readonly Step[], kind: K): Body<K>[] {
  return steps.flatMap(({ body }) => (isKind(body, kind) ? [body] : []));
}

function isKind<K extends StepBody['kind']>(body: StepBody, kind: K): body is Body<K> {
  return body.kind === kind;
}
