import OpenAI, { AuthenticationError, ConflictError, NotFoundError } from 'openai';
import { afterEach, expect, test } from 'vitest';
import type { StoredEvent } from '#core/event.ts';
import { setEvent } from '../testing/rows.ts';
import { type TestWeb, testToken, testWeb } from '../testing/web.ts';

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

const running: TestWeb[] = [];
afterEach(async () => {
  for (const { web } of running.splice(0)) await web.stop();
});

/** The official client against a real port; no retries, so that each test sees the first answer. */
async function serve(
  change: Parameters<typeof testWeb>[0] = {},
): Promise<TestWeb & { client: OpenAI; url: string }> {
  const web = testWeb(change);
  running.push(web);
  const { url } = await web.web.start();
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: testToken, maxRetries: 0 });
  return { ...web, client, url };
}

const say = (content: string) => ({ model: 'anything', messages: [{ role: 'user' as const, content }] });

async function collect(stream: AsyncIterable<Chunk>): Promise<{ text: string; chunks: Chunk[] }> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { chunks, text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('') };
}

test('a completion is the answer of a turn, in the form the client expects', async () => {
  const { client } = await serve();
  const { data, response } = await client.chat.completions.create(say('hello')).withResponse();
  expect(data).toEqual({
    id: 'chatcmpl-evt_000001',
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'anything',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'You said: hello', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4 },
    },
  });
  expect(response.headers.get('x-tiro-conversation-id')).toBe('cnv_000001');
  expect(response.headers.get('x-tiro-event-id')).toBe('evt_000001');
});

test('a stream brings the text as it is written, then why it ended, and usage when asked', async () => {
  const { client, kernel } = await serve();
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  kernel.script = async (turn) => {
    turn.delta('Hello');
    await goOn;
    turn.delta(', you');
    turn.reply('Hello, you.');
    turn.end('done');
  };
  const stream = await client.chat.completions.create({
    ...say('hi'),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks: Chunk[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunk.choices[0]?.delta.content === 'Hello') resolve(); // it came before the answer was complete
  }
  const deltas = chunks.map((chunk) => chunk.choices[0]?.delta);
  expect(deltas).toEqual([
    { role: 'assistant', content: '' },
    { content: 'Hello' },
    { content: ', you' },
    { content: '.' },
    {},
    undefined,
  ]);
  expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason ?? null)).toEqual([
    null,
    null,
    null,
    null,
    'stop',
    null,
  ]);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 15 } });
  expect(new Set(chunks.map(({ id, object, created }) => `${id} ${object} ${created}`)).size).toBe(1);
});

test('a model call that is made again never takes back what was sent', async () => {
  const { client, kernel } = await serve();
  kernel.script = (turn) => {
    turn.delta('The answer is');
    turn.restart();
    turn.delta('It is');
    turn.reply('It is 42.');
    turn.end('done');
  };
  const { text } = await collect(await client.chat.completions.create({ ...say('hi'), stream: true }));
  expect(text).toBe('The answer is\n\nIt is 42.');
  expect((await client.chat.completions.create(say('hi'))).choices[0]?.message.content).toBe('It is 42.');
});

test('a named conversation goes on; an unnamed one brings its own history', async () => {
  const { client, kernel } = await serve();
  const messages = [
    { role: 'user' as const, content: 'one' },
    { role: 'assistant' as const, content: 'eins' },
    { role: 'user' as const, content: 'two' },
  ];
  await client.chat.completions.create({ model: 'tiro', messages, user: 'alice' });
  await client.chat.completions.create({ ...say('three'), user: 'alice' });
  await client.chat.completions.create({ ...say('four') }, { headers: { 'X-Tiro-Conversation': 'book' } });
  await client.chat.completions.create({ model: 'tiro', messages });
  expect(
    kernel.submissions.map(({ chat, user, isolated, text, history }) => [
      chat,
      user,
      isolated,
      text,
      history.length,
    ]),
  ).toEqual([
    ['alice', 'alice', false, 'two', 0],
    ['alice', 'alice', false, 'three', 0],
    ['owner/book', null, false, 'four', 0],
    ['owner', null, true, 'two', 2],
  ]);
  expect([...kernel.events.values()].map((event) => event.conversation)).toEqual([
    'cnv_000001',
    'cnv_000001',
    'cnv_000002',
    'cnv_000003',
  ]);
  const byId = { headers: { 'X-Tiro-Conversation': 'cnv_000001' } };
  await client.chat.completions.create(say('five'), byId);
  expect(kernel.events.get('evt_000005')?.conversation).toBe('cnv_000001');
  const unknown = { headers: { 'X-Tiro-Conversation': 'cnv_none' } };
  await expect(client.chat.completions.create(say('six'), unknown)).rejects.toBeInstanceOf(NotFoundError);
});

test.each([false, true])('a turn that ends without a reply says why (stream: %s)', async (stream) => {
  const { client, kernel } = await serve();
  const ask = async (): Promise<string | null | undefined> =>
    stream
      ? (await collect(await client.chat.completions.create({ ...say('hi'), stream: true }))).text
      : (await client.chat.completions.create(say('hi'))).choices[0]?.message.content;

  kernel.script = (turn) => {
    turn.delta('Let me.');
    turn.reply('Let me.', 'send_message');
    turn.ask({ id: '7F3K', tool: 'send_message', arguments: '{"text":"hi"}' });
  };
  expect(await ask()).toBe('Let me.\n\n**Approval 7F3K**: may I run `send_message`?');

  kernel.script = (turn) => {
    turn.step({ kind: 'notice', text: 'I could not reach the model.' });
    turn.end('failed', 'transient');
  };
  expect(await ask()).toBe('I could not reach the model.');

  kernel.script = (turn) => turn.end('cancelled');
  expect(await ask()).toBe('Stopped.');
});

test('an approval without words of the turn is told from its row', async () => {
  const { client, kernel } = await serve();
  kernel.script = (turn) => {
    turn.step({ kind: 'reply', text: '', toolCalls: [], model: 'm', usage: null, finish: 'tool-calls' });
    turn.ask({ id: '7F3K', tool: 'send_message', arguments: '{"text":"hi"}' });
    kernel.steps.splice(
      kernel.steps.findIndex((step) => step.body.kind === 'notice'),
      1,
    );
  };
  const answer = await client.chat.completions.create(say('hi'));
  expect(answer.choices[0]?.message.content).toContain(
    'Approval 7F3K: may I run send_message with {"text":"hi"}?',
  );
});

test('a command is answered with its notice', async () => {
  const { client } = await serve();
  expect((await client.chat.completions.create(say('/status'))).choices[0]?.message.content).toBe(
    'Answer of /status',
  );
  const { text } = await collect(await client.chat.completions.create({ ...say('/help'), stream: true }));
  expect(text).toBe('Answer of /help');
});

test('a key makes a repeat cost nothing: the stored answer comes back, also from a new gateway', async () => {
  const { client, kernel, deps } = await serve();
  const key = { headers: { 'Idempotency-Key': 'k1' } };
  const first = await client.chat.completions.create(say('hello'), key);
  const second = await client.chat.completions.create(say('hello'), key);
  expect(second.id).toBe(first.id);
  const restarted = await serve(deps);
  const third = await collect(
    await restarted.client.chat.completions.create({ ...say('hello'), stream: true }, key),
  );
  expect(third.text).toBe('You said: hello');
  expect(kernel.events.size).toBe(1);

  const conflicts = [
    client.chat.completions.create(say('other'), key),
    client.chat.completions.create({ ...say('hello'), user: 'alice' }, key),
    client.chat.completions.create(
      {
        model: 'x',
        messages: [
          { role: 'user', content: 'before' },
          { role: 'assistant', content: 'y' },
          ...say('hello').messages,
        ],
      },
      key,
    ),
  ];
  for (const conflict of conflicts) await expect(conflict).rejects.toBeInstanceOf(ConflictError);
});

test('who leaves does not stop the turn, and can fetch the answer later', async () => {
  const { client, kernel } = await serve();
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  kernel.script = async (turn) => {
    turn.delta('Slow');
    await goOn;
    turn.reply('Slowly done');
    turn.end('done');
  };
  const key = { headers: { 'Idempotency-Key': 'k1' } };
  const stream = await client.chat.completions.create({ ...say('hi'), stream: true }, key);
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'Slow') break;
  await expect.poll(() => kernel.liveListeners.size).toBe(0);
  const again = client.chat.completions.create(say('hi'), key);
  await expect.poll(() => kernel.liveListeners.size).toBe(1);
  resolve();
  expect((await again).choices[0]?.message.content).toBe('Slowly done');
  await expect.poll(() => kernel.commitListeners.size).toBe(0);
});

test('a message that is withdrawn, refused or given up before its turn is answered too', async () => {
  const { client, kernel } = await serve();
  const end = (change: Partial<StoredEvent>): void => {
    kernel.script = (turn) => {
      turn.end('cancelled');
      const id = [...kernel.events.keys()].at(-1) ?? 'evt_none';
      setEvent(kernel, id, { ...change, turn: null });
    };
  };
  end({ status: 'withdrawn', reason: null });
  expect((await client.chat.completions.create(say('x'))).choices[0]?.message.content).toContain('Stopped');
  end({ status: 'refused', reason: 'not on the list' });
  await expect(client.chat.completions.create(say('x'))).rejects.toMatchObject({
    status: 403,
    message: '403 not on the list',
  });
  end({ status: 'dead', reason: 'it broke five times' });
  const stream = await client.chat.completions.create({ ...say('x'), stream: true });
  await expect(collect(stream)).rejects.toThrow('it broke five times');
});

test('errors come in the form the client knows', async () => {
  const { client, url } = await serve();
  await expect(client.chat.completions.create({ ...say('x'), n: 2 })).rejects.toMatchObject({
    status: 400,
    type: 'invalid_request_error',
    param: 'n',
    code: 'bad-input',
  });
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 });
  await expect(stranger.chat.completions.create(say('x'))).rejects.toBeInstanceOf(AuthenticationError);
  await expect(client.completions.create({ model: 'x', prompt: 'y' })).rejects.toBeInstanceOf(NotFoundError);
});

test('models lists tiro', async () => {
  const { client } = await serve();
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['tiro']);
  expect((await client.models.retrieve('gpt-x')).id).toBe('gpt-x');
});

test('who waits when the gateway stops is told to ask again', async () => {
  const { client, kernel, web } = await serve();
  kernel.script = (turn) => turn.delta('x');
  const waiting = client.chat.completions.create(say('x'));
  await expect.poll(() => kernel.partials.size).toBe(1);
  const [failure] = await Promise.all([waiting.catch((error: unknown) => error), web.stop()]);
  expect(failure).toMatchObject({ status: 503, code: 'unavailable' });
});
