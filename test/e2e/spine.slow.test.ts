import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { lastUserText } from '#test/fakes/model/protocol.ts';
import { until } from '#test/until.ts';
import { startWorld } from './world.ts';

test('a message on Telegram becomes a turn and is answered once, where it was asked', async () => {
  await using world = await startWorld();
  world.telegram.userText('hello');
  const [message] = await until('there is an answer', () => {
    const shown = world.telegram.messages(7);
    return shown.length > 0 && shown;
  });
  expect(message?.text).toContain('You said: hello');
  expect(world.model.requests).toHaveLength(1);
  const turns = await world.run('turns.list', { status: null, conversation: null, limit: 10 });
  expect(turns).toMatchObject([{ status: 'done', chat: 'telegram:7' }]);
});

test('a tool is called, its result goes back to the model, and the answer tells it', async () => {
  await using world = await startWorld();
  world.telegram.userText('call now {"timezone":"Europe/Rome"}');
  const answer = await until('the answer is there', () => world.telegram.messages(7).at(0));
  expect(answer.text).toMatch(/The tool said: .*Europe\/Rome/);
  expect(world.model.requests).toHaveLength(2);
});

test('malformed tool arguments go back to the model as an error that names the path', async () => {
  await using world = await startWorld();
  world.telegram.userText('call send_message {"to":5}');
  const answer = await until('the answer is there', () => world.telegram.messages(7).at(0));
  expect(answer.text).toContain('to: ');
  expect(answer.text).toContain('text: ');
});

test('the API answers, named conversations go on, and each request repeats the last one as its prefix', async () => {
  await using world = await startWorld();
  const client = new OpenAI({ baseURL: `${world.gateway.url}/v1`, apiKey: world.gateway.token });
  const say = async (content: string): Promise<string | null | undefined> => {
    const request = { model: 'tiro', user: 'bob', messages: [{ role: 'user' as const, content }] };
    const completion = await client.chat.completions.create(request);
    return completion.choices[0]?.message.content;
  };
  expect(await say('one')).toContain('You said: one');
  expect(await say('two')).toContain('You said: two');
  const [first, second] = world.model.requests;
  const head = JSON.stringify(first?.body.messages).slice(0, -1);
  expect(JSON.stringify(second?.body.messages).startsWith(head)).toBe(true);
});

test('send_message reaches another chat of the same person, once', async () => {
  await using world = await startWorld();
  world.telegram.userText('hello');
  await until('the chat is known', () => world.telegram.messages(7).length === 1);
  const body = await world.ask('/api/messages', z.object({ conversation: z.string() }), {
    body: { text: 'call send_message {"to":"telegram","text":"from the API"}' },
  });
  await until('it arrived', () => world.telegram.messages(7).some((shown) => shown.text === 'from the API'));
  await until('the turn is done', async () => {
    const shown = await world.run('conversations.show', { id: body.conversation });
    return shown.steps.some((step) => step.body.kind === 'end');
  });
  expect(world.telegram.messages(7)).toHaveLength(2);
});

test('messages that come quickly after the first are answered together', async () => {
  await using world = await startWorld({ model: { latencyMs: 150 } });
  world.telegram.userText('first part');
  await until('the model is asked', () => world.model.requests.length === 1);
  world.telegram.userText('second part');
  const answer = await until('the answer is there', () => world.telegram.messages(7).at(0));
  expect(answer.text).toContain('second part');
  const last = world.model.requests.at(-1);
  expect(last === undefined ? '' : lastUserText(last)).toMatch(/first part[\s\S]*second part/);
  expect(world.telegram.messages(7)).toHaveLength(1);
});

test('a slow answer is a draft while it is written, and one message in the end', async () => {
  await using world = await startWorld();
  const words = Array.from({ length: 60 }, (_, i) => `word${i} `).join('');
  world.model.setScript(() => ({ text: words }));
  world.model.faultNext({ kind: 'slow', everyMs: 500 });
  world.telegram.userText('tell me a long story');
  await until('a draft is there', () => world.telegram.draftIn(7).includes('word'));
  expect(world.telegram.messages(7)).toEqual([]);
  const final = await until('the final text is there', () => world.telegram.messages(7).at(0));
  expect(final.versions).toEqual([words.trim()]);
  expect(world.telegram.draftIn(7)).toBe('');
  expect(world.telegram.calls.filter(({ method }) => method === 'editMessageText')).toEqual([]);
});

test('without drafts a slow answer is shown while it is written, and the final text replaces the preview', async () => {
  await using world = await startWorld({ without: ['sendMessageDraft', 'sendRichMessage'] });
  const words = Array.from({ length: 60 }, (_, i) => `word${i} `).join('');
  world.model.setScript(() => ({ text: words }));
  world.model.faultNext({ kind: 'slow', everyMs: 500 });
  world.telegram.userText('tell me a long story');
  const preview = await until('a preview is there', () => world.telegram.messages(7).at(0));
  expect(preview.text).toContain('…');
  await until('the final text is there', () => world.telegram.messages(7).at(0)?.text.endsWith('word59'));
  expect(world.telegram.messages(7)).toHaveLength(1);
});

test('an answer that is stopped while it is shown stays as it was shown, and says that it was cut off', async () => {
  await using world = await startWorld({ without: ['sendMessageDraft'] });
  world.model.setScript(() => ({ text: Array.from({ length: 60 }, (_, i) => `word${i} `).join('') }));
  world.model.faultNext({ kind: 'slow', everyMs: 700 });
  world.telegram.userText('tell me a long story');
  await until('a preview is there', () => world.telegram.messages(7).at(0));
  world.telegram.userText('/stop');
  const cut = await until('it is marked', () =>
    world.telegram.messages(7).find((shown) => shown.text.includes('(cut off)')),
  );
  expect(cut.text).toMatch(/^word0 .* …\s+\(cut off\)$/s);
});

test('an answer longer than a message arrives whole, in order', async () => {
  await using world = await startWorld();
  const paragraphs = Array.from(
    { length: 120 },
    (_, i) => `Paragraph ${i} says something that takes room in the chat.`,
  );
  world.model.setScript(() => ({ text: paragraphs.join('\n\n') }));
  world.telegram.userText('write a lot');
  await until('the end is there', () =>
    world.telegram.messages(7).some((shown) => shown.text.includes('Paragraph 119')),
  );
  const whole = world.telegram
    .messages(7)
    .map((shown) => shown.text)
    .join('\n\n');
  const order = [...whole.matchAll(/Paragraph (\d+)/g)].map((match) => Number(match[1]));
  expect(order).toEqual(paragraphs.map((_, i) => i));
});

test('a stranger gets one pairing hint, no model call, and is let in by the owner', async () => {
  await using world = await startWorld();
  const eve = { id: 99, first_name: 'Eve' };
  world.telegram.userText('let me in', { from: eve });
  const hint = await until('the hint is there', () => world.telegram.messages(99).at(0));
  const code = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(hint.text)?.[0] ?? '';
  world.telegram.userText('hello?', { from: eve });
  world.telegram.userText(`/pair ${code}`);
  await until('the owner is told', () =>
    world.telegram.messages(7).some((shown) => shown.text.includes('let in')),
  );
  expect(world.model.requests).toHaveLength(0);
  world.telegram.userText('now?', { from: eve });
  await until('she is answered', () =>
    world.telegram.messages(99).some((shown) => shown.text.includes('You said: now?')),
  );
});

test('the model provider refuses the key: the person gets a plain sentence, and the turn can be redriven', async () => {
  await using world = await startWorld();
  world.model.failNext(401, { body: { error: { message: 'bad key' } } });
  world.telegram.userText('hello');
  const answer = await until('there is an answer', () => world.telegram.messages(7).at(0));
  expect(answer.text).toContain('refused our key');
  const [turn] = await world.run('turns.list', { status: 'failed', conversation: null, limit: 10 });
  const redriven = await world.run('turns.redrive', { id: turn?.id ?? '' });
  expect(redriven).toEqual({ redriven: true });
  await until('it is answered', () =>
    world.telegram.messages(7).some((shown) => shown.text.includes('You said: hello')),
  );
});
