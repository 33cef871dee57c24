import { expect, test } from 'vitest';
import { startFakeSlack } from '#test/fakes/slack/index.ts';
import { appToken, botToken, run, signingSecret } from '#test/fakes/slack/running.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { buildSlack } from './index.ts';

test('all well', async () => {
  const { adapter } = await run();
  const findings = await adapter.check();
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(findings[0]?.what).toBe('Slack knows the bot as @tiro in the workspace Test.');
});

test('each missing scope is named with what it costs and where it is added', async () => {
  const { adapter } = await run({ fake: { scopes: 'chat:write,im:history,users:read' } });
  const findings = await adapter.check();
  const missing = findings.filter(({ level }) => level === 'warn');
  expect(missing).toHaveLength(14);
  expect(missing.find(({ what }) => what.includes('files:read'))).toEqual({
    level: 'warn',
    what: 'The bot token lacks the scope files:read: it cannot read files.',
    fix: expect.stringContaining('Reinstall to Workspace'),
  });
});

test('a token that is refused, an app token that opens nothing, a host that is not there', async () => {
  const wrong = await run({ settings: { botToken: 'xoxb-wrong' } });
  expect(await wrong.adapter.check()).toMatchObject([
    { level: 'fail', fix: expect.stringContaining('Bot User OAuth Token') },
  ]);
  const socketless = await run({ settings: { appToken: 'xapp-wrong' } });
  expect(await socketless.adapter.check()).toContainEqual(
    expect.objectContaining({ level: 'fail', fix: expect.stringContaining('connections:write') }),
  );
  const settings = { botToken, appToken, apiRoot: 'http://127.0.0.1:1/api/' };
  expect(await buildSlack(createTestDeps(), settings).check()).toMatchObject([
    { level: 'fail', what: expect.stringContaining('127.0.0.1:1 cannot be asked') },
  ]);
});

test('an app token of another app is found', async () => {
  const fake = await startFakeSlack({ botToken, appToken });
  fake.failNext('bots.info', { body: { ok: true, bot: { app_id: 'A2' } } });
  const settings = { botToken, appToken, apiRoot: `${fake.url}/api/` };
  const findings = await buildSlack(createTestDeps(), settings).check();
  await fake.close();
  expect(findings).toContainEqual(
    expect.objectContaining({ level: 'fail', what: expect.stringContaining('of two apps') }),
  );
});

test('settings say what is missing for their mode', () => {
  const build =
    (settings: object): (() => unknown) =>
    () =>
      buildSlack(createTestDeps(), settings);
  expect(build({ botToken })).toThrow('mode socket needs it');
  expect(build({ botToken, appToken, mode: 'http' })).toThrow('mode http needs it');
  expect(build({ botToken: 'xoxp-user', appToken })).toThrow('begins with xoxb-');
  expect(build({ botToken, signingSecret, mode: 'http' })()).toMatchObject({ name: 'slack' });
});
