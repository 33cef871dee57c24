import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { ask, hooks } from '#test/contract/model.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { detectOllama, listModels } from '../index.ts';
import { modelWith, providerAt, settingsFor } from './setting.ts';

let fake: FakeModel;
beforeEach(async () => {
  fake = await startFakeModel({ models: ['one', 'two'] });
});
afterEach(() => fake.close());

function facts(priceIn?: number, priceOut?: number): { models: Record<string, object> } {
  return { models: { large: priceIn === undefined ? {} : { priceIn, priceOut, maxOutput: 500 } } };
}

function estimateWith(main: ReturnType<typeof facts>, backup: ReturnType<typeof facts>): number | null {
  const settings = settingsFor(fake.url, fake.url);
  const providers = { main: providerAt(fake.url, main), backup: providerAt(fake.url, backup) };
  return modelWith({ ...settings, providers }).estimate(ask('hi')).upperUsd;
}

test('the upper estimate covers the dearest model of the chain', () => {
  const cheap = estimateWith(facts(1, 4), facts());
  expect(cheap).toBeGreaterThan((500 * 4) / 1_000_000);
  expect(estimateWith(facts(1, 4), facts(10, 40))).toBeCloseTo((cheap ?? 0) * 10);
  expect(estimateWith(facts(10, 40), facts(1, 4))).toBeCloseTo((cheap ?? 0) * 10);
});

test('an unknown price of the primary is an unknown estimate', () => {
  expect(estimateWith(facts(), facts(1, 4))).toBeNull();
});

test('estimates learn from what the provider counts', async () => {
  fake.setScript(() => ({ text: 'ok', usage: { prompt_tokens: 200, completion_tokens: 1 } }));
  const model = modelWith(settingsFor(fake.url));
  const before = model.estimate(ask('hi')).promptTokens;
  await model.call(ask('hi'), hooks(), new AbortController().signal);
  expect(before).toBeLessThan(150);
  expect(model.estimate(ask('hi')).promptTokens).toBe(200);
});

test('the models of a server are listed', async () => {
  expect(await listModels(providerAt(fake.url))).toEqual(['one', 'two']);
});

test('an Ollama is detected by its tags, and nothing else is taken for one', async () => {
  const clock = createClock();
  const answering = (body: unknown, status = 200) => ({
    clock,
    fetch: () => Promise.resolve(Response.json(body, { status })),
  });
  expect(await detectOllama(answering({ models: [{ name: 'llama3.2:3b' }] }))).toEqual(['llama3.2:3b']);
  expect(await detectOllama(answering({ hello: 1 }))).toBeNull();
  expect(await detectOllama(answering({}, 404))).toBeNull();
  expect(
    await detectOllama({ clock, fetch: () => Promise.reject(new TypeError('fetch failed')) }),
  ).toBeNull();
});

test('an Ollama that does not answer is given up quickly', async () => {
  const silent = (_: unknown, init?: RequestInit): Promise<Response> =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  const clock = { ...createClock(), after: (_: number, run: () => void) => createClock().after(1, run) };
  expect(await detectOllama({ clock, fetch: silent })).toBeNull();
});
