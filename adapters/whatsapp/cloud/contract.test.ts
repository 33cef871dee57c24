import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import {
  type FakeGraph,
  field,
  graphError,
  ownNumber,
  signed,
  startFakeGraph,
  webhook,
} from '#test/fakes/graph/index.ts';
import { appSecret, doorUrl, settingsFor, token, verifyToken } from '#test/fakes/graph/running.ts';
import { createWhatsAppCloud } from './index.ts';

testAdapter({
  name: 'whatsapp-cloud',
  setup: async () => {
    const fake = await startFakeGraph({ token, appSecret, redeliverAfterMs: 60 });
    // What Meta says of sends is no payload of somebody's: it is a matter of lookup.test.ts.
    fake.statuses = [];
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

function subjectFor(fake: FakeGraph): AdapterSubject {
  const create: AdapterSubject['create'] = (deps) => {
    const adapter = createWhatsAppCloud(deps, settingsFor(fake));
    fake.follow(doorOf(adapter));
    return adapter;
  };
  return {
    create,
    secrets: [token, appSecret, verifyToken, signed('{}', appSecret)['x-hub-signature-256'] ?? ''],
    addresses: [address('16505551234'), address('US.13491208655302741918')],
    fixtures: readFixtures(),
    deliver: (payload) => void fake.push(payload),
    say: (text, { chat }) => void fake.say(text, { from: chat }),
    sayAsBot: (text) => void fake.push(webhook({ messages: [ownMessage(text)] })),
    acknowledged: () => fake.deliveries.filter(({ acknowledged }) => acknowledged).length,
    shown: ({ chat }) => fake.messages.shownTo(chat),
    fault: (kind) => {
      if (kind === 'rate-limited')
        fake.failNext('message', 400, graphError(131056, 'pair rate limit hit', 'Too many messages.'));
      if (kind === 'server-error')
        fake.failNext('message', 500, graphError(131000, 'Something went wrong', `for ${token}`));
      if (kind === 'forbidden') fake.failNext('message', 400, graphError(131047, `Re-engagement ${token}`));
      if (kind === 'lost-answer') fake.dropAnswer('message');
      if (kind === 'hang') fake.hang('message');
    },
    sendCalls: () => fake.callsOf('message').length,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'unknown',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: {
      create,
      request: () =>
        new Request(doorUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(webhook({ messages: [] })),
        }),
    },
    rawOf: messageIn,
  };
}

function doorOf(adapter: AdapterPort): Parameters<FakeGraph['follow']>[0] {
  return async (body, headers) => {
    const response = await adapter.handle?.(new Request(doorUrl, { method: 'POST', body, headers }));
    return response?.status ?? 404;
  };
}

function address(chat: string): ChatAddress {
  return { channel: 'whatsapp', chat, thread: null };
}

function ownMessage(text: string): object {
  return { from: ownNumber, id: 'wamid.OWN', timestamp: '1789999990', type: 'text', text: { body: text } };
}

/** An event keeps its message, not the whole POST, which may hold those of others. */
function messageIn(payload: unknown): unknown {
  const first = (value: unknown, name: string): unknown => field(field(value, name), '0');
  return first(field(first(first(payload, 'entry'), 'changes'), 'value'), 'messages');
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
