import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, hooks } from '#test/contract/model.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { listModels } from '../index.ts';
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

test('the estimate is unknown only where no price is known: a fallback with a price may be the one that answers', () => {
  expect(estimateWith(facts(), facts())).toBeNull();
  expect(estimateWith(facts(), facts(1, 4))).toBeGreaterThan(0);
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
