import { type FakeReply, lastUserText } from '#test/fakes/model/index.ts';

/**
 * What the model answers: `use NAME` calls that tool, its result is told in the answer, `slowly` is answered in pieces over
 * a long time, everything else is repeated. Every answer ends with a full stop of its own, so that a whole one is known.
 */
export function script(request: Parameters<typeof lastUserText>[0]): FakeReply {
  const { messages } = request.body;
  const text = lastUserText(request);
  // The result of an approved call is told with the decision.
  if (/^\[\S+ approved /.test(text)) return { text: `RESULT ${text.split('\n').slice(1).join(' ')} END.` };
  const last = messages.at(-1);
  if (last?.role === 'tool') return { text: `RESULT ${textOf(last.content)} END.` };
  // What was said last, of several that are answered together, without the time behind it.
  const blocks = text.split('\n\n').filter((block) => !block.startsWith('(sent '));
  const [said = ''] = (blocks.at(-1) ?? '').split('\n');
  const used = /\buse (\w+)/.exec(said)?.[1];
  if (used !== undefined)
    return { toolCalls: [{ id: `call_${request.index}`, name: used, arguments: '{}' }] };
  const answer = `ANSWER ${said} END.`;
  return said.includes('slowly')
    ? { text: `${'word '.repeat(20)}${answer}`, pieces: 20, everyMs: 250 }
    : { text: answer };
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}
