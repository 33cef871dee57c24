import { Client, Events, GatewayIntentBits, Partials } from 'discord.js';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '#test/until.ts';
import { bot, generalId, startFakeDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-witness';

/** discord.js's Client is not in the product (decision 023). Here it says that the fake sends what Discord sends. */
async function witness() {
  const fake = await startFakeDiscord({ token });
  const { Guilds, GuildMessages, DirectMessages, MessageContent } = GatewayIntentBits;
  const client = new Client({
    intents: [Guilds, GuildMessages, DirectMessages, MessageContent],
    partials: [Partials.Channel],
    rest: { api: `${fake.url}/api` },
  });
  onTestFinished(async () => {
    await client.destroy();
    await fake.close();
  });
  await client.login(token);
  await until('it is ready', () => client.isReady());
  return { fake, client };
}

test('the Client understands messages in channels and direct chats, and presses', async () => {
  const { fake, client } = await witness();
  const heard: string[] = [];
  client.on(Events.MessageCreate, (message) => {
    const place = message.inGuild() ? message.channel.name : 'direct';
    heard.push(`${place}: ${message.content} ${message.mentions.has(bot.id)}`);
  });
  client.on(Events.InteractionCreate, (interaction) => {
    if (!interaction.isButton()) return;
    heard.push(`press: ${interaction.customId}`);
    void interaction.deferUpdate();
  });
  fake.say(`<@${bot.id}> hi`, { place: generalId });
  fake.say('hello');
  fake.press('/approve 7F3K', { id: '77', channel_id: generalId });
  await until('all is heard', () => heard.length === 3);
  expect(heard).toEqual([`general: <@${bot.id}> hi true`, 'direct: hello false', 'press: /approve 7F3K']);
  await until('it is deferred', () => fake.calls.some(({ body }) => body['type'] === 6));
});

test('it tells Discord that it has a message before anybody could have stored it', async () => {
  const { fake, client } = await witness();
  const stored = Promise.withResolvers<void>();
  const work: Promise<void>[] = [];
  client.on(Events.MessageCreate, () => void work.push(stored.promise));
  fake.say('important', { place: generalId });
  await until('it is acknowledged', () => fake.acknowledged.size === 1);
  expect(work).toHaveLength(1); // and its work waits
  stored.resolve();
});
