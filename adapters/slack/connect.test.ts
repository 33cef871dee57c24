import { expect, test } from 'vitest';
import { until } from '#test/contract/adapter.ts';
import { run, runWithHook } from '#test/fakes/slack/running.ts';

test('one socket, up when it says hello, and no acknowledgement of anything else', async () => {
  const { fake, sink } = await run();
  await until(() => sink.states.length === 1);
  expect(sink.states).toEqual([{ state: 'up', why: 'connected' }]);
  expect([fake.sockets.connections, fake.callsOf('apps.connections.open').length]).toEqual([1, 1]);
});

test('asked for a new connection it makes one before the old one ends, and stays up', async () => {
  const { fake, sink } = await run();
  await until(() => fake.sockets.open === 1 && sink.states.length === 1);
  fake.disconnect('refresh_requested');
  await until(() => fake.sockets.connections === 2);
  fake.say('on the new one');
  await until(() => sink.events.length === 1);
  await until(() => fake.sockets.open === 1);
  expect(fake.sockets.most).toBe(2);
  expect(sink.states).toEqual([{ state: 'up', why: 'connected' }]);
});

test('a socket that breaks is made anew, and what was not acknowledged comes over the new one', async () => {
  const { fake, sink, slept } = await run();
  await until(() => sink.states.length === 1);
  fake.cut();
  fake.say('meanwhile');
  await until(() => sink.events.length === 1);
  expect(sink.states.map(({ state }) => state)).toEqual(['up', 'down', 'up']);
  expect(slept).toEqual([1_000]);
});

test('a socket that is silent is found and made anew', async () => {
  const { fake, sink } = await run({ silenceMs: 150 });
  await until(() => fake.sockets.open === 1);
  fake.goSilent();
  await until(() => fake.sockets.connections === 2);
  expect(sink.states[1]).toEqual({ state: 'down', why: 'the connection to Slack broke' });
}, 10_000);

test('failures back off to 16 s, and a success starts over', async () => {
  const before = (fake: Awaited<ReturnType<typeof run>>['fake']): void => {
    for (let i = 0; i < 6; i += 1)
      fake.failNext('apps.connections.open', { status: 502, text: 'bad gateway' });
  };
  const { slept, sink } = await run({ before });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
  expect(sink.states[0]).toEqual({ state: 'down', why: 'HTTP 502 without an answer of the Web API' });
});

test('a rate limit waits as long as Slack asks', async () => {
  const before = (fake: Awaited<ReturnType<typeof run>>['fake']): void =>
    fake.failNext('apps.connections.open', { status: 429, headers: { 'retry-after': '7' } });
  const { slept, sink } = await run({ before });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(slept).toEqual([7_000]);
});

test.each([{ botToken: 'xoxb-wrong' }, { appToken: 'xapp-wrong' }])(
  'a refused token is said with its cure, and asked about seldom',
  async (settings) => {
    const { sink, slept } = await run({ settings });
    await until(() => slept.length > 1);
    expect(sink.states).toMatchObject([
      { state: 'down', why: expect.stringContaining('make the token anew') },
    ]);
    expect(slept.slice(0, 2)).toEqual([60_000, 120_000]);
  },
);

test('Socket Mode that was switched off is said, and asked about seldom', async () => {
  const { fake, sink, slept } = await run();
  await until(() => fake.sockets.open === 1 && sink.states.length === 1);
  fake.disconnect('link_disabled');
  await until(() => sink.states.length > 1);
  expect(sink.states[1]?.why).toContain('Socket Mode is switched off');
  await until(() => slept.includes(60_000));
});

test('an abort ends it within a second, whatever it is doing', async () => {
  const hello = await run({ before: (fake) => fake.openSilently() });
  await until(() => hello.fake.sockets.connections === 1);
  const opening = await run({ before: (fake) => fake.hang('apps.connections.open') });
  await until(() => opening.fake.callsOf('apps.connections.open').length === 1);
  const silent = await run();
  await until(() => silent.sink.states.length === 1);
  silent.fake.goSilent();
  for (const { stop } of [hello, opening, silent]) {
    const startedAt = performance.now();
    await stop();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }
});

test('HTTP mode: whether Slack knows the token is the state', async () => {
  const { sink, fake, slept } = await runWithHook();
  await until(() => sink.states.length === 1);
  fake.refuseNext('auth.test', 'token_revoked');
  await until(() => sink.states.length === 3);
  expect(sink.states.map(({ state }) => state)).toEqual(['up', 'down', 'up']);
  expect(sink.states[1]?.why).toContain('token_revoked');
  expect(slept).toContain(60_000);
});
