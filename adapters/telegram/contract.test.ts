import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import { type Chat, type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { createTelegram } from './index.ts';

const token = '123456789:test-token-of-the-contract-suite-abc';
const secret = 'webhook-secret-of-the-contract';

testAdapter({
  name: 'telegram',
  setup: async () => {
    const fake = await startFakeTelegram({ token });
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

function subjectFor(fake: FakeTelegram): AdapterSubject {
  const settings = { token, apiRoot: fake.url, webhook: null };
  const webhook = { url: 'https://example.org/hooks/telegram', secret };
  return {
    create: (deps) => createTelegram(deps, settings),
    secrets: [token, secret],
    addresses: [address('7', null), address('-100200', null), address('-100300', '5')],
    fixtures: readFixtures(),
    deliver: (payload) => fake.push(z.record(z.string(), z.unknown()).parse(payload)),
    say: (text, where) => {
      const direct = !where.chat.startsWith('-');
      const chat: Chat = { id: Number(where.chat), type: direct ? 'private' : 'supergroup' };
      const thread = where.thread === null ? {} : { thread: Number(where.thread) };
      fake.userText(direct ? text : `@${fake.bot.username} ${text}`, { chat, ...thread });
    },
    sayAsBot: (text) => fake.userText(text, { from: { ...fake.bot, is_bot: true, first_name: 'Tiro' } }),
    acknowledged: () => fake.confirmed.length,
    shown: (where) =>
      fake
        .messages(where.chat)
        .filter((message) => String(message.thread) === String(where.thread))
        .map((message) => message.text),
    fault: (kind) => {
      if (kind === 'rate-limited') {
        fake.failNext('sendMessage', 429, 'Too Many Requests: retry after 3', { retry_after: 3 });
      }
      if (kind === 'server-error') fake.failNext('sendMessage', 500, 'Internal Server Error: restart');
      if (kind === 'forbidden') {
        fake.failNext('sendMessage', 403, 'Forbidden: bot was blocked by the user');
      }
      if (kind === 'lost-answer') fake.dropAnswer('sendMessage');
      if (kind === 'hang') fake.hang('sendMessage');
    },
    sendCalls: () => fake.calls.filter(({ method }) => method === 'sendMessage').length,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'unknown',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: {
      create: (deps) => createTelegram(deps, { ...settings, webhook }),
      request: () =>
        new Request(webhook.url, {
          method: 'POST',
          headers: { 'x-telegram-bot-api-secret-token': 'guessed' },
          body: '{"update_id":1}',
        }),
    },
  };
}

function address(chat: string, thread: string | null): ChatAddress {
  return { channel: 'telegram', chat, thread };
}

function readFixtures(): readonly Fixture[] {
  const schema = z.object({
    name: z.string(),
    payload: z.object({ update_id: z.number() }).loose(),
    event: inboundEventSchema.omit({ raw: true }).nullable(),
  });
  const folder = `${import.meta.dirname}/fixtures`;
  return readdirSync(folder)
    .map((file) => schema.parse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))))
    .sort((a, b) => a.payload.update_id - b.payload.update_id);
}
