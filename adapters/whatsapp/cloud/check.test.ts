import { expect, onTestFinished, test } from 'vitest';
import { neverAborted, say, until } from '#test/contract/adapter.ts';
import { graphError, startFakeGraph } from '#test/fakes/graph/index.ts';
import { appSecret, run, settingsFor, token } from '#test/fakes/graph/running.ts';
import { createHastyClock, createTestDeps } from '#test/fakes/sink.ts';
import { createWhatsAppCloud } from './index.ts';
import { cloudSettingsSchema } from './settings.ts';

test('all well: the number, the secret, the address, and how long WhatsApp takes answers', async () => {
  const { adapter } = await run();
  const findings = await adapter.check();
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(findings.map(({ what }) => what)).toEqual([
    'Meta knows the number +1 555-078-3881 as Tiro.',
    'The app secret is that of the app of the token.',
    'Meta posts messages to tiro.example/hooks/whatsapp.',
    expect.stringContaining('within 24 hours'),
  ]);
});

test('an app secret of another app is found, before every message is refused for it', async () => {
  const { fake, adapter } = await run();
  const wrong = createWhatsAppCloud(createTestDeps(), settingsFor(fake, { appSecret: 'of-another-app' }));
  expect(await wrong.check()).toContainEqual({
    level: 'fail',
    what: 'The app secret is not that of the app of the token: every message would be refused.',
    fix: expect.stringContaining('App secret'),
  });
  expect(await adapter.check()).not.toContainEqual(expect.objectContaining({ level: 'fail' }));
});

test.each([
  [{}, /^Meta has no address/],
  [
    { webhook_configuration: { application: 'https://a.example/other?token=secret' } },
    /a\.example\/other, which is not/,
  ],
  [
    {
      webhook_configuration: {
        phone_number: 'https://b.example/x',
        application: 'https://a.example/hooks/whatsapp',
      },
    },
    /b\.example\/x, which is not/,
  ],
])('an address that leads elsewhere is named: %j', async (phone, what) => {
  const { adapter } = await run({ before: (fake) => void (fake.phone = phone) });
  const finding = (await adapter.check()).find(({ level }) => level === 'warn');
  expect(finding?.what).toMatch(what);
  expect(finding?.what).not.toContain('secret');
  expect(finding?.fix).toContain('/hooks/whatsapp');
});

test('a token that is refused, a number that is not shown, a host that is not there, a number in bad standing', async () => {
  const fake = await startFakeGraph({ token, appSecret });
  onTestFinished(() => fake.close());
  const checked = async (more: object): Promise<unknown> =>
    createWhatsAppCloud(createTestDeps(), settingsFor(fake, more)).check();
  expect(await checked({ token: 'EAAwrong' })).toMatchObject([
    {
      level: 'fail',
      what: expect.stringContaining('refuses the token'),
      fix: expect.stringContaining('System users'),
    },
  ]);
  fake.failNext('phone', 400, graphError(100, 'Unsupported get request.'));
  expect(await checked({})).toMatchObject([
    { level: 'fail', what: expect.stringContaining('does not show the phone number') },
  ]);
  expect(await checked({ apiRoot: 'http://127.0.0.1:1' })).toMatchObject([
    { level: 'fail', what: expect.stringContaining('127.0.0.1:1 cannot be asked') },
  ]);
  fake.phone = { ...fake.phone, quality_rating: 'RED' };
  expect(await checked({})).toContainEqual(
    expect.objectContaining({ level: 'warn', what: expect.stringContaining('quality') }),
  );
});

test('a refused token is down with words, asked seldom, and up as soon as it is good', async () => {
  const { sink, slept } = await run({
    before: (fake) => {
      for (let n = 0; n < 3; n += 1) fake.failNext('phone', 401, graphError(190, 'Session has expired'));
    },
  });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(sink.states).toEqual([
    {
      state: 'down',
      why: expect.stringMatching(/^token refused \(the token is refused: it has expired.*System users/),
    },
    { state: 'up', why: 'connected' },
  ]);
  expect(slept[0]).toBeGreaterThanOrEqual(60_000);
});

test('a send that finds the token refused has the channel asked at once, not in minutes', async () => {
  const clock = createHastyClock();
  // Whoever waits for minutes waits until it is woken.
  const sleep: typeof clock.sleep = (ms, signal) =>
    ms < 200_000
      ? clock.sleep(ms, signal)
      : new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
  const { fake, adapter, sink } = await run({ deps: { clock: { ...clock, sleep } } });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(fake.callsOf('phone')).toHaveLength(1);
  fake.failNext('phone', 401, graphError(190, 'Session has expired'));
  fake.failNext('message', 401, graphError(190, 'Session has expired'));
  const address = { channel: 'whatsapp', chat: '16505551234', thread: null };
  await adapter.send({ id: 'dlv_x', address, body: say('x'), targetPlatformId: null }, neverAborted());
  await until(() => sink.states.some(({ state }) => state === 'down'));
});

test('settings say what is missing', () => {
  const right = {
    mode: 'cloud',
    phoneNumberId: '106540352242922',
    token: 't',
    appSecret: 's',
    verifyToken: 'v',
  };
  expect(cloudSettingsSchema.parse(right)).toEqual({ ...right, apiRoot: 'https://graph.facebook.com' });
  expect(cloudSettingsSchema.parse({ ...right, apiRoot: 'http://x/y//' }).apiRoot).toBe('http://x/y');
  for (const bad of [{ phoneNumberId: '+1 555' }, { token: '' }, { appSecret: '' }, { verifyToken: 'a b' }])
    expect(cloudSettingsSchema.safeParse({ ...right, ...bad }).success, JSON.stringify(bad)).toBe(false);
});
