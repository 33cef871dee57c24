import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { add } from '../../testing/add.ts';
import type { Route } from '../../testing/person.ts';
import { channelPlatforms } from './index.ts';

const application = (flags: number): Route => [200, { id: '42', flags, bot: { username: 'tiro' } }];
const slackRoutes = {
  'https://slack.com/api/auth.test': [200, { ok: true, user: 'tiro', team: 'Acme' }] as const,
  'https://slack.com/api/apps.connections.open': [200, { ok: true, url: 'wss://x' }] as const,
};

test('discord: asked, tried live, written, with the link that invites the bot', async () => {
  const { added, edits, secrets, seen, told } = await add(
    'discord',
    { script: ['typed-token', 'file'] },
    { routes: { 'https://discord.com/api/v10/applications/@me': application(2 ** 19) } },
  );
  expect(told).toContain('Message Content Intent');
  expect(seen).toEqual(['https://discord.com/api/v10/applications/@me Bot typed-token']);
  expect(edits).toEqual([
    { path: ['channels', 'discord', 'token'], value: { file: 'secrets/discord-token' } },
  ]);
  expect([...secrets]).toEqual([['discord-token', 'typed-token']]);
  expect(added).toMatchObject({ channel: 'discord', bot: '@tiro' });
  const next = added?.next.join('\n') ?? '';
  expect(next).toContain('oauth2/authorize?client_id=42&scope=bot+applications.commands&permissions=');
  expect(next).toContain('tiro people pair');
  expect(next).not.toContain('Message Content');
});

test('discord without the intent is told to switch it on', async () => {
  const { added } = await add(
    'discord',
    { fromEnv: true },
    {
      deps: { env: { DISCORD_BOT_TOKEN: 'x' } },
      routes: { 'https://discord.com/api/v10/applications/@me': application(1) },
    },
  );
  expect(added?.next.join()).toContain('applications/42/bot');
});

test('slack in socket mode: both tokens are tried; from the environment config.yaml names the variables', async () => {
  const env = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };
  const { added, edits, secrets, seen } = await add(
    'slack',
    { fromEnv: true },
    { routes: slackRoutes, deps: { env } },
  );
  expect(seen).toEqual([
    'https://slack.com/api/auth.test Bearer xoxb-1',
    'https://slack.com/api/apps.connections.open Bearer xapp-1',
  ]);
  expect(edits).toEqual([
    { path: ['channels', 'slack', 'botToken'], value: '${SLACK_BOT_TOKEN}' },
    { path: ['channels', 'slack', 'appToken'], value: '${SLACK_APP_TOKEN}' },
    { path: ['channels', 'slack', 'mode'], value: 'socket' },
  ]);
  expect(secrets.size).toBe(0);
  expect(added?.next[0]).toBe('Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN wherever the gateway starts.');
});

test('slack in http mode, by standard input, at another address; the app token is not needed', async () => {
  const { edits, secrets, added } = await add(
    'slack',
    { stdin: true, mode: 'http', apiRoot: 'http://127.0.0.1:9/api/', input: 'xoxb-2\nsigning\n' },
    { routes: { 'http://127.0.0.1:9/api/auth.test': slackRoutes['https://slack.com/api/auth.test'] } },
  );
  expect(Object.fromEntries(edits.map(({ path, value }) => [path.at(-1), value]))).toEqual({
    botToken: { file: 'secrets/slack-bot-token' },
    signingSecret: { file: 'secrets/slack-signing-secret' },
    apiRoot: 'http://127.0.0.1:9/api/',
    mode: 'http',
  });
  expect(secrets.get('slack-signing-secret')).toBe('signing');
  expect(added?.next.join()).toContain('/hooks/slack');
});

test('an address where nothing is: what is said names the option, and no model', async () => {
  const env = { DISCORD_BOT_TOKEN: 'x', TELEGRAM_BOT_TOKEN: 'y' };
  const at = { fromEnv: true, apiRoot: 'http://127.0.0.1:9' };
  const routes: Record<string, Route> = { 'http://127.0.0.1:9/v10/applications/@me': [404, 'no'] };
  await expect(add('discord', at, { routes, deps: { env } })).rejects.toThrow('Does --api-root end in /api?');
  routes['http://127.0.0.1:9/boty/getMe'] = [404, 'no'];
  await expect(add('telegram', at, { routes, deps: { env } })).rejects.toThrow('@BotFather');
});

test('a refused secret writes nothing, and the words do not quote it', async () => {
  const env = { SLACK_BOT_TOKEN: 'xoxb-wrong', SLACK_APP_TOKEN: 'xapp-wrong' };
  const refused: Route = [200, { ok: false, error: 'invalid_auth' }];
  const tries = [
    { ...slackRoutes, 'https://slack.com/api/auth.test': refused },
    { ...slackRoutes, 'https://slack.com/api/apps.connections.open': refused },
  ];
  for (const routes of tries) {
    const failed = add('slack', { fromEnv: true }, { routes, deps: { env } });
    await expect(failed).rejects.toMatchObject({ code: 'bad-input' });
    await expect(failed).rejects.toThrow(/invalid_auth.*Nothing was written/);
    await expect(failed).rejects.not.toThrow(/wrong/);
  }
  const offline = add('telegram', { stdin: true, input: '7:wrong' });
  await expect(offline).rejects.toThrow('Nothing listens at api.telegram.org');
  await expect(offline).rejects.not.toThrow(/wrong/);
});

test('--no-check asks nobody', async () => {
  const { added, seen, secrets } = await add('telegram', { stdin: true, check: false, input: '7:x\n' });
  expect([added?.bot, seen, secrets.get('telegram-token')]).toEqual([null, [], '7:x']);
});

test('what is missing is named: variables, lines, a terminal, a mode', async () => {
  await expect(add('slack', { fromEnv: true }, { deps: { env: { SLACK_BOT_TOKEN: 'x' } } })).rejects.toThrow(
    'SLACK_APP_TOKEN must be set',
  );
  await expect(add('slack', { stdin: true, input: 'one\n' })).rejects.toThrow('botToken, then appToken');
  await expect(add('discord', {})).rejects.toThrow(/DISCORD_BOT_TOKEN.*--from-env/);
  await expect(add('discord', { fromEnv: true, mode: 'http' })).rejects.toThrow('Discord has no modes');
});

test('Ctrl-C at a question changes nothing', async () => {
  const { added, edits, secrets } = await add('telegram', { script: ['cancel'] });
  expect([added, edits, secrets.size]).toEqual([null, [], 0]);
});

test('the page on channels names the command for each', () => {
  const page = readFileSync(new URL('../../../../docs/channels/README.md', import.meta.url), 'utf8');
  for (const { name } of channelPlatforms) expect(page).toContain(`tiro channels add ${name}`);
});
