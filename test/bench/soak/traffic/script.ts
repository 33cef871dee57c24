import type { FakeReply, FakeRequest } from '#test/fakes/model/protocol.ts';
import { marksIn } from './ledger.ts';

/** Words in a message that make the model do something: people of the soak use them, `soakScript` obeys. */
export const asks = {
  tool: 'look at the clock',
  long: 'at length',
  slow: 'slowly',
} as const;

const longWords = 'It is a long story, and it is told from the beginning to the end. '.repeat(110);
const slowWords = 'Once upon a time there was a gateway that never slept. '.repeat(12);

/** Repeats every mark that has had no answer yet, at the end: what is shown with its mark is shown whole. */
export function soakScript(request: FakeRequest): FakeReply {
  const { messages } = request.body;
  const said = textOf(messages.findLast(({ role }) => role === 'user'));
  if (said.includes(asks.tool) && messages.at(-1)?.role !== 'tool') {
    const call = { id: `call_${request.index}`, name: 'now', arguments: '{"timezone":"Europe/Rome"}' };
    return { toolCalls: [call] };
  }
  const answered = messages.findLastIndex(
    ({ role, tool_calls: calls = [] }) => role === 'assistant' && calls.length === 0,
  );
  const marks = messages.slice(answered + 1).flatMap((message) => marksIn(textOf(message)));
  const end = `Noted: ${marks.join(' ')}`;
  if (said.includes(asks.long)) return { text: `${longWords}\n\n${end}` };
  if (said.includes(asks.slow)) return { text: `${slowWords}\n\n${end}`, pieces: 24, everyMs: 100 };
  return { text: `**Good.** ${end}` };
}

function textOf(message: FakeRequest['body']['messages'][number] | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : '';
}
