import { App, LogLevel } from '@slack/bolt';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '#test/contract/adapter.ts';
import { startFakeSlack } from './index.ts';
import { appToken, botToken, signingSecret } from './running.ts';

const nothing = (): void => undefined;
const quiet = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
};

/** Bolt is Slack's own word on what Slack sends: what it understands of the fake is shaped as it should be. */
test('bolt hears the fake over a socket, and acknowledges before its listener has ended', async () => {
  const fake = await startFakeSlack({ botToken, appToken, redeliverAfterMs: 60_000 });
  const clientOptions = { slackApiUrl: `${fake.url}/api/` };
  const app = new App({
    token: botToken,
    appToken,
    socketMode: true,
    logger: quiet,
    clientOptions,
  });
  const heard: string[] = [];
  const gate = Promise.withResolvers<void>();
  app.message(async ({ message }) => {
    heard.push('text' in message ? (message.text ?? '') : '');
    await gate.promise;
  });
  app.action(/^tiro-/, async ({ ack, body }) => {
    await ack();
    heard.push(body.type);
  });
  app.command('/tiro', async ({ ack, command }) => {
    await ack('working');
    heard.push(command.text);
  });
  await app.start();
  onTestFinished(async () => {
    gate.resolve();
    await app.stop();
    await fake.close();
  });
  const { deliveries } = fake.say('hello');
  await until(() => deliveries[0]?.acknowledged === true && heard.length === 1);
  const elements = [
    { type: 'button', action_id: 'tiro-0', value: 'v', text: { type: 'plain_text', text: 'Yes' } },
  ];
  const blocks = JSON.stringify([{ type: 'actions', elements }]);
  const button = fake.press(fake.chats.post({ channel: 'D7', text: 'Run?', blocks }), 'v');
  const command = fake.command('stop');
  await until(() => button?.acknowledged === true && command.acknowledged && heard.length === 3);
  expect(heard.toSorted()).toEqual(['block_actions', 'hello', 'stop']);
});

test('bolt takes the signature of the fake for the one of Slack', async () => {
  const url = { base: '' };
  const post = (body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${url.base}/slack/events`, { method: 'POST', body, headers });
  const fake = await startFakeSlack({
    botToken,
    redeliverAfterMs: 60_000,
    hook: () => ({ secret: signingSecret, post }),
  });
  const clientOptions = { slackApiUrl: `${fake.url}/api/` };
  const app = new App({ token: botToken, signingSecret, logger: quiet, clientOptions });
  const heard: string[] = [];
  app.message(async ({ message }) => {
    heard.push(message.ts);
  });
  const server = await app.start({ port: 0, host: '127.0.0.1' });
  const address = server.address();
  url.base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  onTestFinished(async () => {
    await app.stop();
    await fake.close();
  });
  const { message, deliveries } = fake.say('hello');
  await until(() => deliveries[0]?.acknowledged === true && heard.length === 1);
  expect(heard).toEqual([message.ts]);
});
