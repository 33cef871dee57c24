import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { ask, hooks, recordingHooks, textOf } from '#test/contract/model.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { createModel } from '../index.ts';
import type { ModelSettings } from '../settings.ts';
import { modelWith, providerAt, settingsFor, shortLimits, silentLog } from './setting.ts';

const never = new AbortController().signal;
let main: FakeModel;
let backup: FakeModel;

beforeEach(async () => {
  main = await startFakeModel({ script: () => 'from main' });
  backup = await startFakeModel({ script: () => 'from backup' });
});
afterEach(async () => {
  await main.close();
  await backup.close();
});

test.each([
  ['429', 429],
  ['500', 500],
  ['503', 503],
  ['408', 408],
  ['401', 401],
  ['403', 403],
  ['400', 400],
  ['404', 404],
])('after %s the fallback answers at once, and the primary is asked again next time', async (_, status) => {
  main.failNext(status);
  const model = modelWith(settingsFor(main.url, backup.url));
  const seen = recordingHooks();
  const first = await model.call(ask('hi'), seen.hooks, never);
  expect(first).toMatchObject({ ok: true, reply: { text: 'from backup', model: 'backup/large' } });
  expect(seen.called).toEqual(['main/large', 'backup/large']);
  expect(seen.waits).toEqual([]);
  const second = await model.call(ask('ho'), hooks(), never);
  expect(textOf(second)).toBe('from main');
});

test('too long a prompt goes to nobody else', async () => {
  main.failNext(400, { body: { error: { code: 'context_length_exceeded', message: 'too many' } } });
  const result = await modelWith(settingsFor(main.url, backup.url)).call(ask('hi'), hooks(), never);
  expect(result).toMatchObject({ ok: false, error: { type: 'context-too-long' } });
  expect(backup.requests).toHaveLength(0);
});

test('when nobody answers it waits with growing pauses until somebody does', async () => {
  main.failNext(503, { times: 3 });
  const seen = recordingHooks();
  const result = await modelWith(settingsFor(main.url)).call(ask('hi'), seen.hooks, never);
  expect(textOf(result)).toBe('from main');
  expect(seen.waits.map((wait) => wait.reason)).toEqual(
    Array.from({ length: 3 }, () => 'main/large has a problem of its own (503).'),
  );
  expect(seen.order.filter((event) => event !== 'delta')).toEqual([
    'beforeCall',
    'waiting',
    'beforeCall',
    'waiting',
    'beforeCall',
    'waiting',
    'beforeCall',
  ]);
});

test('a wait as long as Retry-After asks is announced and kept, by other requests too', async () => {
  main.failNext(429, { headers: { 'retry-after-ms': '300' } });
  const model = modelWith(settingsFor(main.url));
  const seen = recordingHooks();
  const before = Date.now();
  const one = model.call(ask('hi'), seen.hooks, never);
  await expect.poll(() => seen.waits.length).toBe(1);
  const two = model.call(ask('ho'), hooks(), never);
  expect([textOf(await one), textOf(await two)]).toEqual(['from main', 'from main']);
  expect(seen.waits[0]?.nextAt).toBeGreaterThanOrEqual(before + 300);
  const [, ...later] = main.requests.map((request) => request.receivedAt - before);
  for (const at of later) expect(at).toBeGreaterThanOrEqual(295);
});

test('a Retry-After behind the deadline ends the request at once, with what was said', async () => {
  main.failNext(429, { headers: { 'retry-after': '3600' } });
  const seen = recordingHooks();
  const result = await modelWith(settingsFor(main.url)).call(ask('hi'), seen.hooks, never);
  expect(result).toEqual({
    ok: false,
    error: { type: 'rate-limited', reason: 'main/large is rate limited.', retryAfterMs: 3_600_000 },
  });
  expect(seen.waits).toEqual([]);
});

test('an outage lasts until the deadline, then the last error is returned', async () => {
  main.failNext(503, { times: 1_000 });
  const request = { ...ask('hi'), deadlineAt: Date.now() + 500 };
  const result = await modelWith(settingsFor(main.url)).call(request, hooks(), never);
  expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
  expect(main.requests.length).toBeGreaterThan(3);
});

test('a wrong key alone is not waited for', async () => {
  main.failNext(401);
  const seen = recordingHooks();
  const result = await modelWith(settingsFor(main.url)).call(ask('hi'), seen.hooks, never);
  expect(textOf(result)).toBe('failed: main/large refused the key (401).');
  expect(main.requests).toHaveLength(1);
});

test('with a wrong key at one and an outage at the other only the outage is waited for', async () => {
  main.failNext(401);
  backup.failNext(503);
  const seen = recordingHooks();
  const result = await modelWith(settingsFor(main.url, backup.url)).call(ask('hi'), seen.hooks, never);
  expect(textOf(result)).toBe('from backup');
  expect(seen.called).toEqual(['main/large', 'backup/large', 'backup/large']);
});

test('a stream that breaks after it was shown is announced as void before the next try', async () => {
  main.faultNext({ kind: 'unfinished' });
  const seen = recordingHooks();
  const result = await modelWith(settingsFor(main.url, backup.url)).call(ask('hi'), seen.hooks, never);
  expect(seen.order).toEqual(['beforeCall', 'delta', 'restart', 'beforeCall', 'delta']);
  expect(seen.deltas.join('')).toBe(textOf(result));
});

test('a throw of beforeCall before a retry ends the request', async () => {
  main.failNext(503);
  const fenced = new Error('fenced');
  let calls = 0;
  const once = {
    ...hooks(),
    beforeCall: () => {
      calls += 1;
      return calls === 1 ? Promise.resolve() : Promise.reject(fenced);
    },
  };
  await expect(modelWith(settingsFor(main.url)).call(ask('hi'), once, never)).rejects.toBe(fenced);
  expect(main.requests).toHaveLength(1);
});

test('a model that only spoils answers is not paid for until the deadline', async () => {
  main.faultNext({ kind: 'empty' }, 100);
  const result = await modelWith(settingsFor(main.url)).call(ask('hi'), hooks(), never);
  expect(textOf(result)).toBe('failed: main/large gave no usable answer: it was empty.');
  expect(main.requests).toHaveLength(shortLimits.spoiledReplies);
});

test('after three failures in a row the primary is left alone for a while, then probed once', async () => {
  let passed = 0;
  const clock = { ...createClock(), elapsed: () => performance.now() + passed };
  const settings = settingsFor(main.url, backup.url);
  const model = createModel(
    { clock, random: { next: () => 0.5 }, log: silentLog },
    () => settings,
    shortLimits,
  );
  main.failNext(500, { times: 4 });
  const answers = async (): Promise<string> => textOf(await model.call(ask('hi'), hooks(), never));
  for (let i = 0; i < 5; i += 1) expect(await answers()).toBe('from backup');
  expect(main.requests).toHaveLength(3);
  passed += 30_001;
  expect(await answers()).toBe('from backup');
  expect(main.requests).toHaveLength(4);
  expect(await answers()).toBe('from backup');
  expect(main.requests).toHaveLength(4);
  passed += 30_001;
  expect(await answers()).toBe('from main');
  expect(await answers()).toBe('from main');
});

test('an abort while waiting cancels at once', async () => {
  main.failNext(503, { times: 5 });
  const controller = new AbortController();
  const backoff = { firstMs: 60_000, maxMs: 60_000, jitter: 0 };
  const result = await modelWith(settingsFor(main.url), { backoff }).call(
    { ...ask('hi'), deadlineAt: Date.now() + 900_000 },
    { ...hooks(), onWaiting: () => controller.abort() },
    controller.signal,
  );
  expect(result).toMatchObject({ ok: false, error: { type: 'cancelled' } });
});

test('a new configuration holds for a request that is already waiting', async () => {
  main.failNext(503, { times: 1_000 });
  let settings: ModelSettings = settingsFor(main.url);
  const model = createModel(
    { clock: createClock(), random: { next: () => 0.5 }, log: silentLog },
    () => settings,
    shortLimits,
  );
  const repair = { ...hooks(), onWaiting: () => void (settings = settingsFor(backup.url)) };
  expect(textOf(await model.call(ask('hi'), repair, never))).toBe('from backup');
});

test('without a default the first of /models is asked, and named from then on', async () => {
  await main.close();
  main = await startFakeModel({ models: ['vendor/first:7b', 'second'] });
  const settings = {
    ...settingsFor(main.url),
    default: null,
    providers: { main: providerAt(main.url, { models: {} }) },
  };
  const model = modelWith(settings);
  const result = await model.call(ask('hi'), hooks(), never);
  expect(result).toMatchObject({ ok: true, reply: { model: 'main/vendor/first:7b', costUsd: null } });
  expect(model.names()).toEqual(['main/vendor/first:7b']);
});

test('without a default and without a server the outage is told like any other', async () => {
  const settings = { ...settingsFor('http://127.0.0.1:9/v1'), default: null };
  const bare = { ...settings, providers: { main: providerAt('http://127.0.0.1:9/v1', { models: {} }) } };
  const result = await modelWith(bare).call({ ...ask('hi'), deadlineAt: 0 }, hooks(), never);
  expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
});

test('more requests than places are all served, the limit is reached and never passed', async () => {
  await main.close();
  main = await startFakeModel({ slots: 3, latencyMs: 5 });
  const settings = {
    ...settingsFor(main.url),
    providers: { main: providerAt(main.url, { concurrency: 3 }) },
  };
  const model = modelWith(settings);
  const calls = Array.from({ length: 60 }, (_, i) =>
    model.call({ ...ask(`n${i}`), person: `p${i % 7}` }, hooks(), never),
  );
  const results = await Promise.all(calls);
  expect(results.every((result) => result.ok)).toBe(true);
  expect(main.overflows()).toBe(0);
  expect(main.peak()).toBe(3);
});

test('a request that finds no place before its deadline says the model is busy', async () => {
  main.faultNext({ kind: 'hang' });
  const settings = {
    ...settingsFor(main.url),
    providers: { main: providerAt(main.url, { concurrency: 1 }) },
  };
  const model = modelWith(settings);
  const controller = new AbortController();
  const first = model.call(ask('hi'), hooks(), controller.signal);
  await expect.poll(() => main.active()).toBe(1);
  const second = await model.call({ ...ask('ho'), deadlineAt: Date.now() + 30 }, hooks(), never);
  expect(textOf(second)).toBe('failed: main/large is busy with other requests.');
  controller.abort();
  expect((await first).ok).toBe(false);
});
