import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ModelResult } from '#core/ports/model.ts';
import { ask, hooks, recordingHooks, textOf } from '#test/contract/model.ts';
import { type FakeModel, type FakeReply, startFakeModel } from '#test/fakes/model/index.ts';
import type { ModelLimits } from '../limits.ts';
import { modelWith, providerAt, settingsFor } from './setting.ts';

const never = new AbortController().signal;
let fake: FakeModel;

beforeEach(async () => {
  fake = await startFakeModel();
});
afterEach(() => fake.close());

/** One request that may not wait: the first round decides. */
function once(text = 'hi', limits: Partial<ModelLimits> = {}): Promise<ModelResult> {
  return modelWith(settingsFor(fake.url), limits).call({ ...ask(text), deadlineAt: 0 }, hooks(), never);
}

function answering(reply: FakeReply): Promise<ModelResult> {
  fake.setScript(() => reply);
  return once();
}

test('tools, messages and the output cap go over the wire in the common dialect', async () => {
  const model = modelWith(settingsFor(fake.url));
  const call = { id: 'c1', name: 'lookup', arguments: '{"word":"a"}' };
  await model.call(
    {
      ...ask('look it up'),
      messages: [
        ...ask('look it up').messages,
        { role: 'assistant', content: '', toolCalls: [call] },
        { role: 'tool', callId: 'c1', content: 'found' },
      ],
    },
    hooks(),
    never,
  );
  const sent: unknown = JSON.parse(fake.requests[0]?.raw ?? '');
  expect(sent).toMatchObject({
    model: 'large',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 1_000,
    tools: [{ type: 'function', function: { name: 'lookup', parameters: { type: 'object' } } }],
    messages: [
      { role: 'system' },
      { role: 'user', content: 'look it up' },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function' }] },
      { role: 'tool', tool_call_id: 'c1', content: 'found' },
    ],
  });
  expect(fake.requests[0]?.headers['authorization']).toBe('Bearer sk-test-0123456789abcdef');
});

test('without a key no authorization is sent, and a password in the address goes as a Basic header', async () => {
  const bare = { ...settingsFor(fake.url), providers: { main: providerAt(fake.url, { apiKey: null }) } };
  await modelWith(bare).call(ask('hi'), hooks(), never);
  const address = fake.url.replace('http://', 'http://ann:s%20cret-9@');
  const locked = { ...bare, providers: { main: providerAt(address, { apiKey: null }) } };
  await modelWith(locked).call(ask('hi'), hooks(), never);
  expect(fake.requests.map((request) => request.headers['authorization'])).toEqual([
    undefined,
    `Basic ${Buffer.from('ann:s cret-9').toString('base64')}`,
  ]);
});

test.each([302, 307])('a redirect (%s) is not followed: prompt and key go nowhere else', async (status) => {
  const elsewhere = await startFakeModel();
  onTestFinished(() => elsewhere.close());
  fake.failNext(status, { headers: { location: `${elsewhere.url}/chat/completions` } });
  expect(await once()).toMatchObject({
    ok: false,
    error: { type: 'bad-request', reason: expect.stringContaining('set baseUrl') },
  });
  expect(elsewhere.requests).toEqual([]);
});

test('a conversation that grows is taken from the cache by the provider, and costs less', async () => {
  const model = modelWith(settingsFor(fake.url));
  const long = { role: 'system', content: 'You are Tiro. '.repeat(300) } as const;
  const first = { ...ask('hi'), messages: [long, { role: 'user', content: 'hi' } as const] };
  const one = await model.call(first, hooks(), never);
  const more = { role: 'assistant', content: textOf(one), toolCalls: [] } as const;
  const grown = { ...first, messages: [...first.messages, more, { role: 'user', content: 'and' } as const] };
  const two = await model.call(grown, hooks(), never);
  expect(one.ok && one.reply.usage?.cachedTokens).toBe(0);
  expect(
    two.ok && (two.reply.usage?.cachedTokens ?? 0) / (two.reply.usage?.promptTokens ?? 1),
  ).toBeGreaterThan(0.85);
  expect(two.ok && two.reply.costUsd).toBeLessThan((one.ok && one.reply.costUsd) || 0);
});

test('thinking is not shown', async () => {
  const result = await answering({ thinking: 'hmm, let me see', text: 'Four.' });
  expect(textOf(result)).toBe('Four.');
});

test('without usage the cost is estimated and usage is null', async () => {
  const result = await answering({ text: 'Four.', usage: null });
  expect(result).toMatchObject({ ok: true, reply: { usage: null } });
  expect(result.ok && result.reply.costUsd).toBeGreaterThan(0);
});

test('a reply cut by the output cap says so', async () => {
  expect(await answering({ text: 'Four and', finish: 'length' })).toMatchObject({
    ok: true,
    reply: { finish: 'length', text: 'Four and' },
  });
});

test('[DONE] without a finish_reason is an end as well', async () => {
  expect(await answering({ chunks: [{ choices: [{ delta: { content: 'Four.' } }] }] })).toMatchObject({
    ok: true,
    reply: { finish: 'stop', text: 'Four.' },
  });
});

test('malformed arguments are left as they came, and a missing id is made up the same way each time', async () => {
  const reply = { toolCalls: [{ id: null, name: 'lookup', arguments: '{"word": ' }] };
  const first = await answering(reply);
  const second = await answering(reply);
  expect(first).toEqual(second);
  expect(first).toMatchObject({
    ok: true,
    reply: { toolCalls: [{ id: expect.stringMatching(/^call_/), name: 'lookup', arguments: '{"word": ' }] },
  });
});

test('a server that refuses stream_options is asked without it, and not asked with it again', async () => {
  await fake.close();
  fake = await startFakeModel({ refuses: ['stream_options'] });
  const model = modelWith(settingsFor(fake.url));
  const seen = recordingHooks();
  const first = await model.call(ask('hi'), seen.hooks, never);
  const second = await model.call(ask('ho'), seen.hooks, never);
  expect([first.ok, second.ok]).toEqual([true, true]);
  expect(fake.requests.map((request) => request.status)).toEqual([400, 200, 200]);
  expect(seen.called).toHaveLength(3);
});

test('a model that takes tools only without thinking is told not to think', async () => {
  const message =
    "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.";
  fake.failNext(400, { body: { error: { message, param: 'reasoning_effort' } } });
  expect((await once()).ok).toBe(true);
  expect(fake.requests[1]?.raw).toContain('"reasoning_effort":"none"');
});

test('the cap is put under the other name when the server asks for it', async () => {
  const message =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  fake.failNext(400, { body: { error: { message, code: 'unsupported_parameter' } } });
  expect((await once()).ok).toBe(true);
  expect(fake.requests[1]?.raw).toContain('"max_completion_tokens":1000');
  expect(fake.requests[1]?.raw).not.toContain('"max_tokens"');
});

test.each([
  ['a stream cut in the middle', { kind: 'cut', afterBytes: 400 }],
  ['a connection reset before the answer', { kind: 'reset' }],
  ['an event that is no JSON', { kind: 'malformed' }],
  ['an event that is no chunk', { kind: 'nonsense' }],
  ['a stream that ends without an end', { kind: 'unfinished' }],
  ['an empty reply', { kind: 'empty' }],
  ['a server that never answers', { kind: 'hang' }],
  ['a stream that falls silent', { kind: 'stall' }],
  ['an error inside the stream', { kind: 'error-event', error: { message: 'Overloaded', code: 502 } }],
] as const)('%s is transient', async (_, fault) => {
  fake.faultNext(fault);
  const limits = fault.kind === 'hang' || fault.kind === 'stall' ? { idleMs: 100 } : {};
  const result = await once('tell me something long enough to be cut', limits);
  expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
  expect(textOf(result)).toMatch(/^failed: main\/large .*\.$/);
});

test('a comment now and then keeps a slow stream alive, but not for ever', async () => {
  fake.faultNext({ kind: 'keepalive', everyMs: 20 });
  const model = modelWith(settingsFor(fake.url), { idleMs: 700, totalMs: 1_000 });
  const result = await model.call({ ...ask('hi'), deadlineAt: 0 }, hooks(), never);
  expect(textOf(result)).toBe('failed: main/large took too long to answer.');
});

test('an endless stream is cut at twice the output cap and kept as a reply', async () => {
  fake.faultNext({ kind: 'endless' });
  const result = await once();
  expect(result).toMatchObject({ ok: true, reply: { finish: 'length' } });
  expect(textOf(result).length).toBeLessThan(2 * 1_000 * 4 + 500);
  await expect.poll(() => fake.requests[0]?.aborted).toBe(true);
});

test('an endless stream without an answer is cut by its bytes', async () => {
  fake.faultNext({ kind: 'keepalive', everyMs: 1 });
  const model = modelWith(settingsFor(fake.url), { streamBytes: 200 });
  const result = await model.call({ ...ask('hi'), deadlineAt: 0 }, hooks(), never);
  expect(textOf(result)).toBe('failed: main/large sent far too much.');
});

test('nobody listening is transient and named', async () => {
  await fake.close();
  const result = await once();
  fake = await startFakeModel();
  expect(textOf(result)).toBe('failed: main/large cannot be reached (ECONNREFUSED).');
});

test('an abort in mid-stream cancels at once and closes the connection', async () => {
  fake.faultNext({ kind: 'stall' });
  const controller = new AbortController();
  const seen = recordingHooks();
  const model = modelWith(settingsFor(fake.url));
  const calling = model.call(
    ask('hi'),
    { ...seen.hooks, onDelta: () => controller.abort() },
    controller.signal,
  );
  expect(await calling).toMatchObject({ ok: false, error: { type: 'cancelled' } });
  await expect.poll(() => fake.requests[0]?.aborted).toBe(true);
});

test('an abort while the server is silent cancels and closes the connection', async () => {
  fake.faultNext({ kind: 'hang' });
  const controller = new AbortController();
  const model = modelWith(settingsFor(fake.url));
  const calling = model.call(ask('hi'), hooks(), controller.signal);
  await expect.poll(() => fake.active()).toBe(1);
  controller.abort();
  expect(await calling).toMatchObject({ ok: false, error: { type: 'cancelled' } });
  await expect.poll(() => fake.active()).toBe(0);
});

test('what onDelta throws is not taken for a broken stream', async () => {
  const broken = new Error('page gone');
  const throwing = {
    ...hooks(),
    onDelta: () => {
      throw broken;
    },
  };
  await expect(modelWith(settingsFor(fake.url)).call(ask('hi'), throwing, never)).rejects.toBe(broken);
});

test('neither key nor password shows in a reason, even when the server repeats them', async () => {
  const key = 'sk-test-0123456789abcdef';
  fake.failNext(422, { body: { error: { message: `bad thing with ${key} and hunter2-pass` } } });
  const address = fake.url.replace('http://', 'http://ann:hunter2-pass@');
  const settings = { ...settingsFor(address), providers: { main: providerAt(address) } };
  const result = await modelWith(settings).call({ ...ask('hi'), deadlineAt: 0 }, hooks(), never);
  expect(textOf(result)).toBe(
    'failed: main/large refused the request (422): bad thing with [secret] and [secret].',
  );
});

test('a refusal by the filter is a refusal, with and without words', async () => {
  expect(await answering({ text: '', finish: 'content_filter' })).toMatchObject({
    ok: false,
    error: { type: 'refused' },
  });
  expect(await answering({ text: 'I can', finish: 'content_filter' })).toMatchObject({
    ok: true,
    reply: { finish: 'refused', text: 'I can' },
  });
});
