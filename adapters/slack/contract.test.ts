import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import { bot, type FakeSlack, type Kind, shownText, startFakeSlack } from '#test/fakes/slack/index.ts';
import { buildSlack } from './index.ts';

const botToken = 'xoxb-1111-test-token-of-the-contract-suite';
const appToken = 'xapp-1-A1-test-token-of-the-contract-suite';
const signingSecret = 'signing-secret-of-the-contract';

testAdapter({
  name: 'slack',
  setup: async () => {
    const fake = await startFakeSlack({ botToken, appToken });
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

function subjectFor(fake: FakeSlack): AdapterSubject {
  const settings = { botToken, appToken, signingSecret, apiRoot: `${fake.url}/api/` };
  return {
    create: (deps) => buildSlack(deps, { ...settings, mode: 'socket' }),
    secrets: [botToken, appToken, signingSecret, 'secret-ticket'],
    addresses: [address('D7', null), address('C1', '1790000000.000100'), address('D8', '1790000000.000200')],
    fixtures: readFixtures(),
    deliver: (payload) => void fake.push(payload, kindOf(payload)),
    say: (text, { chat, thread }) => {
      const channel = chat.replace(`${bot.team}/`, '');
      const words = channel.startsWith('D') ? text : `<@${bot.user}> ${text}`;
      const where = thread === null ? { channel } : { channel, thread };
      // One event each: that a mention makes two is a matter of receive.test.ts.
      const { message } = fake.say(words, { ...where, untold: true });
      fake.push(fake.eventOf(message));
    },
    sayAsBot: (text) => void fake.say(text, { from: bot.user, channel: 'D7' }),
    acknowledged: () => fake.deliveries.filter((delivery) => delivery.acknowledged).length,
    shown: ({ chat, thread }) =>
      fake
        .messages(chat.replace(`${bot.team}/`, ''))
        .filter((message) => (message.thread_ts ?? null) === thread)
        .map(shownText),
    fault: (kind) => {
      const headers = { 'retry-after': '3' };
      if (kind === 'rate-limited') fake.failNext('chat.postMessage', { status: 429, headers });
      if (kind === 'server-error') fake.failNext('chat.postMessage', { status: 503, text: '<html>down' });
      if (kind === 'forbidden') fake.refuseNext('chat.postMessage', 'not_in_channel');
      if (kind === 'lost-answer') fake.dropAnswer('chat.postMessage');
      if (kind === 'hang') fake.hang('chat.postMessage');
    },
    sendCalls: () => fake.callsOf('chat.postMessage').length,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'unknown',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: {
      create: (deps) => buildSlack(deps, { ...settings, mode: 'http' }),
      request: () =>
        new Request('https://example.org/hooks/slack', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"type":"event_callback"}',
        }),
    },
  };
}

function address(channel: string, thread: string | null): ChatAddress {
  return { channel: 'slack', chat: `${bot.team}/${channel}`, thread };
}

function kindOf(payload: unknown): Kind {
  const has = (name: string): boolean => typeof payload === 'object' && payload !== null && name in payload;
  if (has('command')) return 'slash_commands';
  return has('actions') ? 'interactive' : 'events_api';
}

function readFixtures(): readonly Fixture[] {
  const schema = z.object({
    name: z.string(),
    payload: z.unknown(),
    event: inboundEventSchema.omit({ raw: true }).nullable(),
  });
  const folder = `${import.meta.dirname}/fixtures`;
  return readdirSync(folder)
    .toSorted()
    .map((file) => schema.parse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))));
}
