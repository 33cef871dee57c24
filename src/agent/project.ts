import type { ModelMessage } from '#core/ports/model.ts';
import type { Step, StepBody, ToolCall } from '#core/step.ts';
import { foldText } from './fold.ts';

export interface Projection {
  readonly system: string;
  readonly timezone: string | null;
  /** In a group each message names its speaker. */
  readonly direct: boolean;
  readonly resultLimit: (tool: string) => number;
  /** Most characters of history; older turns fall away in large blocks, so that the prefix stays stable between. */
  readonly budgetChars: number;
}

/**
 * What the model sees: a pure function of the steps. Nothing in it changes when it is made again later: the time of a
 * message is frozen in its step and stands at the message's end, so each request repeats the last one as its prefix.
 */
export function projectContext(steps: readonly Step[], projection: Projection): readonly ModelMessage[] {
  const messages = steps.flatMap((step) => stepToMessages(step, projection));
  const answered = answerEveryCall(messages);
  const merged = mergeUserMessages(answered);
  return [{ role: 'system', content: projection.system }, ...dropOldest(merged, projection.budgetChars)];
}

function stepToMessages(step: Step, projection: Projection): readonly ModelMessage[] {
  const { body } = step;
  switch (body.kind) {
    case 'input':
      return [{ role: 'user', content: inputText(body, projection) }];
    case 'reply':
      return [{ role: 'assistant', content: body.text, toolCalls: body.toolCalls.map(withValidArguments) }];
    case 'result':
      return [resultMessage(step.seq, body, projection)];
    case 'decision':
      return [{ role: 'user', content: decisionText(body) }];
    case 'said':
      return [{ role: 'assistant', content: body.text, toolCalls: [] }];
    case 'intent':
    case 'notice':
    case 'end':
      return [];
  }
}

function inputText(body: Extract<StepBody, { kind: 'input' }>, projection: Projection): string {
  const speaker = projection.direct ? '' : `${body.name}: `;
  const files = body.files
    .map((file) => `\n[attached ${file.kind}: ${file.name}, not readable here]`)
    .join('');
  return `${speaker}${body.text}${files}\n\n(sent ${formatTime(body.at, projection.timezone)})`;
}

/** `Fri 2026-11-20 09:14 Europe/Rome`; UTC where the person has no time zone. */
export function formatTime(at: number, timezone: string | null): string {
  const zone = timezone ?? 'UTC';
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((item) => item.type === type)?.value ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} ${zone}`;
}

/** The result of an approved plan has no open call to answer: its call was answered with "awaiting approval". */
export const approvedCallPrefix = 'approved:';

function resultMessage(
  seq: number,
  body: Extract<StepBody, { kind: 'result' }>,
  projection: Projection,
): ModelMessage {
  const content = foldText(body.content, projection.resultLimit(body.tool), seq);
  if (body.callId.startsWith(approvedCallPrefix)) {
    return { role: 'user', content: `[Result of the approved call of ${body.tool}]\n${content}` };
  }
  return { role: 'tool', callId: body.callId, content };
}

function decisionText(body: Extract<StepBody, { kind: 'decision' }>): string {
  const because = body.reason === null || body.reason === '' ? '' : ` Reason: ${body.reason}`;
  const what = `${body.tool} ${body.arguments}`;
  if (body.decision === 'approved') return `[${body.by} approved ${body.approval}: ${what}. It runs now.]`;
  if (body.decision === 'denied')
    return `[${body.by} denied ${body.approval}: ${what}. It did not run.${because}]`;
  return `[Approval ${body.approval} expired: ${what}. It did not run.]`;
}

/** Some providers refuse a history whose tool arguments are no JSON; what the model wrote stays readable in a string. */
function withValidArguments(call: ToolCall): ToolCall {
  try {
    JSON.parse(call.arguments);
    return call;
  } catch {
    return { ...call, arguments: JSON.stringify({ malformed: call.arguments }) };
  }
}

/**
 * Every tool call needs an answer right behind it: one that a stop or a crash left open gets a plain one. Call ids repeat
 * between replies with some providers, so an answer belongs to the nearest reply before it.
 */
function answerEveryCall(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  return messages.flatMap((message, index) => {
    if (message.role === 'tool') return [];
    if (message.role !== 'assistant') return [message];
    const end = messages.findIndex((later, at) => at > index && later.role === 'assistant');
    const behind = messages.slice(index + 1, end === -1 ? undefined : end);
    return [message, ...message.toolCalls.map((call) => answerTo(call, behind))];
  });
}

function answerTo(call: ToolCall, behind: readonly ModelMessage[]): ModelMessage {
  const answer = behind.find((message) => message.role === 'tool' && message.callId === call.id);
  return answer ?? { role: 'tool', callId: call.id, content: '(stopped before a result)' };
}

function mergeUserMessages(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const merged: ModelMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (message.role === 'user' && last?.role === 'user') {
      merged[merged.length - 1] = { role: 'user', content: `${last.content}\n\n${message.content}` };
    } else {
      merged.push(message);
    }
  }
  return merged;
}

/**
 * Cuts whole exchanges from the front until the rest fits. The cut moves in blocks of half the budget, so it stays
 * where it is for many turns. At least the last exchange is kept.
 */
function dropOldest(messages: readonly ModelMessage[], budgetChars: number): readonly ModelMessage[] {
  const sizes = messages.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= budgetChars) return messages;
  const block = Math.max(1, Math.floor(budgetChars / 2));
  const mustDrop = Math.ceil((total - budgetChars) / block) * block;
  let before = 0;
  let from = messages.findLastIndex((message) => message.role === 'user');
  for (const [index, message] of messages.entries()) {
    if (index < from && message.role === 'user' && before >= mustDrop) from = index;
    before += sizes[index] ?? 0;
  }
  const gap: ModelMessage = {
    role: 'user',
    content: '[Earlier messages of this conversation are left out here.]',
  };
  return mergeUserMessages([gap, ...messages.slice(Math.max(0, from))]);
}

function sizeOf(message: ModelMessage): number {
  const calls = message.role === 'assistant' ? JSON.stringify(message.toolCalls).length : 0;
  return message.content.length + calls;
}
