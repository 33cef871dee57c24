import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeModel, startFakeModel } from './index.ts';
import { commonPrefix } from './prefix.ts';

let fake: FakeModel;
beforeEach(async () => {
  fake = await startFakeModel({ slots: 1, models: ['one', 'two'] });
});
afterEach(() => fake.close());

function client(): OpenAI {
  return new OpenAI({ baseURL: fake.url, apiKey: 'key', maxRetries: 0 });
}

test('the official client is answered, streamed or not, and lists the models', async () => {
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const whole = await client().chat.completions.create({ model: 'one', messages });
  expect(whole.choices[0]?.message.content).toBe('You said: hi');
  expect(whole.usage?.prompt_tokens).toBeGreaterThan(0);
  const pieces: string[] = [];
  const stream = await client().chat.completions.create({ model: 'one', messages, stream: true });
  for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '');
  expect(pieces.join('')).toBe('You said: hi');
  const listed = await client().models.list();
  expect(listed.data.map((model) => model.id)).toEqual(['one', 'two']);
});

test('a request that grows is cached up to the last whole block of 128 tokens', async () => {
  const system = { role: 'system' as const, content: 'x'.repeat(2_000) };
  const first = [system, { role: 'user' as const, content: 'hi' }];
  const grown = [
    ...first,
    { role: 'assistant' as const, content: 'ho' },
    { role: 'user' as const, content: 'and' },
  ];
  await client().chat.completions.create({ model: 'one', messages: first, user: 'a' });
  await client().chat.completions.create({ model: 'one', messages: grown, user: 'a' });
  await client().chat.completions.create({ model: 'one', messages: grown, user: 'b' });
  const [one, two, other] = fake.requests.map((request) => request.cachedTokens);
  const firstLength = JSON.stringify([]).length + JSON.stringify(first).length - 1;
  expect([one, two, other]).toEqual([0, Math.floor(firstLength / 4 / 128) * 128, 0]);
});

test('the common prefix is the longest one', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (head, a, b) => {
      const shared = commonPrefix(head + a, head + b);
      expect(shared).toBeGreaterThanOrEqual(head.length);
      expect((head + a).slice(0, shared)).toBe((head + b).slice(0, shared));
      if (shared < Math.min((head + a).length, (head + b).length)) {
        expect((head + a)[shared]).not.toBe((head + b)[shared]);
      }
    }),
  );
});

test('a request beyond the slots is refused, and the slot is free again after the answer', async () => {
  fake.faultNext({ kind: 'hang' });
  const controller = new AbortController();
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const held = client().chat.completions.create({ model: 'one', messages }, { signal: controller.signal });
  const outcome = held.then(
    () => 'answered',
    () => 'aborted',
  );
  await expect.poll(() => fake.active()).toBe(1);
  await expect(client().chat.completions.create({ model: 'one', messages })).rejects.toMatchObject({
    status: 429,
  });
  controller.abort();
  expect(await outcome).toBe('aborted');
  await expect.poll(() => fake.active()).toBe(0);
  expect((await client().chat.completions.create({ model: 'one', messages })).choices).toHaveLength(1);
  expect([fake.overflows(), fake.peak()]).toEqual([1, 1]);
});

test('it runs on its own and prints its address', async () => {
  const path = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [path, '--port', '0', '--latency', '1', '--slots', '8']);
  try {
    const [line] = await once(child.stdout, 'data');
    const response = await fetch(`${String(line).trim()}/models`);
    expect(response.status).toBe(200);
  } finally {
    child.kill();
  }
});
