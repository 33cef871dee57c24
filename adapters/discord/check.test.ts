import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AdapterPort, Finding } from '#core/ports/adapter.ts';
import { type FakeDiscord, startFakeDiscord } from '#test/fakes/discord/index.ts';
import { createTestDeps, createTestSink } from '#test/fakes/sink.ts';
import { until } from '#test/until.ts';
import { createDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-check-tests';
let fake: FakeDiscord;
let adapter: AdapterPort;

beforeEach(async () => {
  fake = await startFakeDiscord({ token });
  adapter = make(token);
});
afterEach(async () => {
  await adapter.close();
  await fake.close();
});

function make(withToken: string): AdapterPort {
  return createDiscord(createTestDeps(), { token: withToken, apiRoot: `${fake.url}/api` });
}

const troubles = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level !== 'ok');

test('all is well: who it is, where it is, and the link to invite it', async () => {
  const findings = await adapter.check();
  expect(troubles(findings)).toEqual([]);
  expect(findings.map(({ what }) => what).join('\n')).toMatch(
    /Tiro[^]*The guild[^]*oauth2\/authorize\?client_id=/,
  );
});

test('each trouble has its cure in words', async () => {
  fake.settings.applicationFlags = 0;
  fake.settings.permissions = String(1n << 10n);
  expect(troubles(await adapter.check())).toMatchObject([
    {
      level: 'fail',
      what: expect.stringContaining('Message Content Intent'),
      fix: expect.stringContaining('/bot'),
    },
    {
      level: 'warn',
      what: expect.stringContaining('Send Messages, '),
      fix: expect.stringContaining('permissions='),
    },
  ]);
});

test('a wrong token, and an address nobody is at', async () => {
  const wrong = make('wrong.token');
  const [finding] = await wrong.check();
  expect(finding).toMatchObject({
    level: 'fail',
    what: 'Discord refuses the bot token.',
    fix: expect.stringContaining('Reset Token'),
  });
  await wrong.close();
  const nowhere = createDiscord(createTestDeps(), { token, apiRoot: 'http://127.0.0.1:9/api' });
  expect(await nowhere.check()).toMatchObject([
    { level: 'fail', what: expect.stringContaining('127.0.0.1:9') },
  ]);
  await nowhere.close();
});

test('how the connection stands is told once there is one', async () => {
  const abort = new AbortController();
  const sink = createTestSink();
  const ended = adapter.start(sink, abort.signal);
  await until('it is up', () => sink.states.at(-1)?.state === 'up');
  expect((await adapter.check()).at(-1)).toMatchObject({ level: 'ok', what: 'The connection stands.' });
  abort.abort();
  await ended;
});
