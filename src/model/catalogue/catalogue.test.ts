import { expect, test } from 'vitest';
import type { ModelSettings, ProviderSettings } from '../settings.ts';
import { type Wanted, chainOf, configuredNames } from './names.ts';
import { isOwnNetwork, presetOf } from './presets.ts';
import { contextOf, costUsd, priceOf } from './prices.ts';
import { createTokenMeter } from './tokens.ts';

const none = new Map<string, string>();

function provider(baseUrl: string, more: Partial<ProviderSettings> = {}): ProviderSettings {
  return { baseUrl, apiKey: null, concurrency: 8, preset: null, models: {}, ...more };
}

const settings: ModelSettings = {
  default: 'main/gpt-x',
  fallback: ['backup/llama', 'main/gpt-x'],
  background: 'gpt-x-mini',
  providers: {
    main: provider('https://api.example.org/v1', { models: { 'gpt-x': {}, 'gpt-x-mini': {} } }),
    backup: provider('http://127.0.0.1:11434/v1'),
    router: provider('https://openrouter.ai/api/v1', { models: { 'vendor/model': {} } }),
  },
};

function labels(wanted: Partial<Wanted>, of: ModelSettings = settings): readonly string[] {
  return chainOf(of, { model: null, lane: 'interactive', ...wanted }, none).map((target) => target.label);
}

test('the chain is the wanted model, then the fallbacks, each once', () => {
  expect(labels({})).toEqual(['main/gpt-x', 'backup/llama']);
  expect(labels({ model: 'backup/llama' })).toEqual(['backup/llama', 'main/gpt-x']);
  expect(labels({ lane: 'background' })[0]).toBe('main/gpt-x-mini');
});

test('a slash belongs to the model name unless a provider stands before it', () => {
  expect(labels({ model: 'router/vendor/model' })[0]).toBe('router/vendor/model');
  expect(labels({ model: 'vendor/model' })[0]).toBe('router/vendor/model');
  expect(labels({ model: 'meta/other' })[0]).toBe('main/meta/other');
  expect(labels({ model: 'plain' })[0]).toBe('main/plain');
});

test('with nothing configured there is the demo, whatever is wanted', () => {
  const nothing = { ...settings, providers: {} };
  expect(labels({}, nothing)).toEqual(['demo/demo']);
  expect(labels({ model: 'gpt-x' }, nothing)).toEqual(['demo/demo']);
  expect(configuredNames(nothing, none)).toEqual(['demo/demo']);
  expect(labels({ model: 'demo/demo' })[0]).toBe('demo/demo');
});

test('a provider named like a property of every object is none', () => {
  expect(labels({ model: 'constructor/x' })[0]).toBe('main/constructor/x');
});

test('the names begin with the default', () => {
  expect(configuredNames(settings, none)).toEqual([
    'main/gpt-x',
    'backup/llama',
    'main/gpt-x-mini',
    'router/vendor/model',
  ]);
});

test('without a default the first provider answers with what is known of it', () => {
  const bare = { ...settings, default: null, fallback: [], background: null };
  expect(labels({}, bare)).toEqual(['main/gpt-x']);
  expect(labels({}, { ...bare, providers: { openai: provider('https://api.openai.com/v1') } })).toEqual([
    'openai/gpt-5.6-luna',
  ]);
  const unknown = { ...bare, providers: { own: provider('http://10.0.0.5:9999/v1') } };
  expect(chainOf(unknown, { model: null, lane: 'interactive' }, none)[0]?.model).toBeNull();
  const found = new Map([['own', 'phi']]);
  expect(chainOf(unknown, { model: null, lane: 'interactive' }, found)[0]?.label).toBe('own/phi');
});

test.each([
  ['https://api.openai.com/v1', 'openai'],
  ['https://openrouter.ai/api/v1/', 'openrouter'],
  ['https://api.anthropic.com/v1/', 'anthropic'],
  ['https://generativelanguage.googleapis.com/v1beta/openai/', 'gemini'],
  ['http://localhost:11434/v1', 'ollama'],
  ['http://ollama:11434/v1', 'ollama'],
  ['http://[::1]:1234/v1', 'lmstudio'],
  ['http://192.168.1.4:8000/v1', 'vllm'],
  ['http://127.0.0.1:8080/v1', 'llamacpp'],
  ['https://ollama.example.com:11434/v1', undefined],
  ['https://api.openai.com.evil.example/v1', undefined],
  ['http://127.0.0.1:4000/v1', undefined],
  ['not a url', undefined],
])('%s is recognised as %s', (url, name) => {
  expect(presetOf(url)?.name).toBe(name);
});

test('own networks are told from the world', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '172.16.0.1', '[fd00::1]', 'box.local', 'ollama']) {
    expect(isOwnNetwork(host)).toBe(true);
  }
  for (const host of [
    '172.32.0.1',
    '8.8.8.8',
    '[2001:db8::1]',
    'example.org',
    '127.example.org',
    '10.0.0.1.io',
  ]) {
    expect(isOwnNetwork(host)).toBe(false);
  }
});

test('a price is what config says, nothing for an own server, listed for OpenAI alone, else unknown', () => {
  const at = (baseUrl: string, more: Partial<ProviderSettings> = {}, model = 'gpt-5-mini'): number | null => {
    const one = provider(baseUrl, more);
    const preset = presetOf(baseUrl);
    return priceOf(one, preset, model)?.out ?? null;
  };
  expect(at('https://api.openai.com/v1')).toBe(2);
  expect(at('https://api.openai.com/v1', {}, 'toString')).toBeNull();
  expect(at('https://api.openai.com/v1', { models: { 'gpt-5-mini': { priceIn: 1, priceOut: 9 } } })).toBe(9);
  expect(at('https://proxy.example/v1')).toBeNull();
  expect(at('http://127.0.0.1:11434/v1')).toBe(0);
  // Behind a port that everybody uses may stand a proxy to a paid model.
  expect(at('http://127.0.0.1:8000/v1')).toBeNull();
  expect(
    priceOf(
      provider('http://127.0.0.1:8000/v1', { preset: 'vllm' }),
      presetOf('http://127.0.0.1:8000/v1'),
      'm',
    )?.out,
  ).toBe(0);
});

test('cached tokens cost their own price and a window is the smallest thing known', () => {
  const usage = { promptTokens: 1_000_000, cachedTokens: 900_000, completionTokens: 100_000 };
  expect(costUsd({ in: 1, cached: 0.1, out: 4 }, usage)).toBeCloseTo(0.1 + 0.09 + 0.4);
  const openai = provider('https://api.openai.com/v1');
  expect(contextOf(openai, presetOf(openai.baseUrl), 'gpt-5.6-luna')).toBe(272_000);
  expect(contextOf(provider('https://proxy.example/v1'), null, 'm')).toBe(32_768);
});

test('token counts follow what the provider counts, within bounds', () => {
  const meter = createTokenMeter();
  expect(meter.tokens('m', 400)).toBe(100);
  for (let i = 0; i < 20; i += 1) meter.learn('m', 400, 150);
  expect(meter.tokens('m', 400)).toBe(150);
  expect(meter.tokens('other', 400)).toBe(100);
  meter.learn('wild', 400, 1_000_000);
  expect(meter.tokens('wild', 400)).toBe(400);
  meter.learn('none', 400, 0);
  expect(meter.tokens('none', 400)).toBe(100);
});
