import { expect, test } from 'vitest';
import type { ModelError, ModelPort } from '#core/ports/model.ts';
import { type ManualClock, createManualClock } from '#test/kernel/clock.ts';
import { type CheckDeps, createChecks } from './checks.ts';

const answer = { text: 'ok', toolCalls: [], finish: 'stop', model: 'm/x', usage: null, costUsd: 0 } as const;

function model(call: ModelPort['call']): ModelPort {
  const estimate = { promptTokens: 1, maxOutputTokens: 1, upperUsd: 0, contextTokens: 1 };
  return { call, estimate: () => estimate, names: () => ['m/x'] };
}

function checksOf(
  more: Partial<CheckDeps>,
  clock: ManualClock = createManualClock(),
): ReturnType<typeof createChecks> {
  return createChecks({
    home: '/home/ann/.tiro',
    homeMode: () => Promise.resolve(0o700),
    token: 'x'.repeat(32),
    demo: () => false,
    problems: () => [],
    warnings: () => [],
    model: model(() => Promise.resolve({ ok: true, reply: answer })),
    adapters: [],
    clock,
    ...more,
  });
}

async function findings(area: string, more: Partial<CheckDeps>): Promise<readonly string[]> {
  const check = checksOf(more).find((one) => one.area === area);
  return ((await check?.run()) ?? []).map(({ level, what }) => `${level}: ${what}`);
}

test('a sound set-up is sound', async () => {
  const all = await Promise.all(checksOf({}).map((check) => check.run()));
  expect(all.flat().filter(({ level }) => level !== 'ok')).toEqual([]);
});

test('a home that others can read and a short token are warned of', async () => {
  expect(await findings('home', { homeMode: () => Promise.resolve(0o755), token: 'short' })).toEqual([
    'warn: /home/ann/.tiro can be read by other users of this machine',
    'warn: the token is short',
  ]);
});

test('what is wrong with the configuration is named by its path', async () => {
  const problems = () => [{ path: 'model.default', message: 'names no provider', fix: 'add one' }];
  expect(await findings('config', { problems })).toEqual(['fail: model.default names no provider']);
});

test('what is doubtful in the configuration is a warning beside it', async () => {
  const warnings = () => [
    { path: 'channels.telegram.apiRoot', message: 'is not encrypted', fix: 'Use https://' },
  ];
  expect(await findings('config', { warnings })).toEqual([
    'ok: config.yaml is in force',
    'warn: channels.telegram.apiRoot is not encrypted',
  ]);
});

test('the demo is no model', async () => {
  expect(await findings('model', { demo: () => true })).toEqual([
    'warn: no model is configured: the demo answers',
  ]);
});

test.each(['auth', 'transient', 'rate-limited', 'bad-request', 'refused', 'context-too-long'] as const)(
  'a model that fails (%s) comes with what to do',
  async (type) => {
    const error: ModelError = { type, reason: 'The provider said no.', retryAfterMs: null };
    const check = checksOf({ model: model(() => Promise.resolve({ ok: false, error })) }).find(
      (one) => one.area === 'model',
    );
    expect(await check?.run()).toMatchObject([
      { level: 'fail', what: 'm/x: The provider said no.', fix: expect.stringMatching(/\w+/) },
    ]);
  },
);

test('a model that does not answer is cut off before the doctor loses patience', async () => {
  const clock = createManualClock();
  const cancelled: ModelError = { type: 'cancelled', reason: 'It was cut off.', retryAfterMs: null };
  const slow = model(
    (_request, _hooks, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ ok: false, error: cancelled }), { once: true });
      }),
  );
  const check = checksOf({ model: slow }, clock).find((one) => one.area === 'model');
  const asked = check?.run();
  await clock.pass(9_000);
  expect(await asked).toMatchObject([{ level: 'fail', fix: expect.stringContaining('9 s') }]);
});
