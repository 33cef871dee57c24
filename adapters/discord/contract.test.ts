import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import {
  ann,
  bot,
  type FakeDiscord,
  generalId,
  rateLimited,
  refusal,
  route,
  startFakeDiscord,
  threadId,
} from '#test/fakes/discord/index.ts';
import { createDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-contract-suite';

testAdapter({
  name: 'discord',
  setup: async () => {
    const fake = await startFakeDiscord({ token });
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

function subjectFor(fake: FakeDiscord): AdapterSubject {
  const direct = fake.direct(ann.id).id;
  const placeOf = ({ chat, thread }: ChatAddress): string => thread ?? chat;
  return {
    create: (deps) => createDiscord(deps, { token, apiRoot: `${fake.url}/api` }),
    secrets: [token],
    addresses: [address(generalId, null), address(direct, null), address(generalId, threadId)],
    fixtures: readFixtures(),
    deliver: (payload) => void fake.deliver(z.record(z.string(), z.unknown()).parse(payload)),
    say: (text, where) => {
      const place = placeOf(where);
      fake.say(place === direct ? text : `<@${bot.id}> ${text}`, { place });
    },
    sayAsBot: (text) => void fake.say(text, { from: bot, place: generalId }),
    acknowledged: () => fake.acknowledged.size,
    shown: (where) => fake.shown(placeOf(where)).map(({ content }) => content),
    fault: (kind) => {
      if (kind === 'rate-limited') fake.failNext(route.send, rateLimited(3));
      if (kind === 'server-error') fake.failNext(route.send, refusal(500, 0, 'Internal Server Error'));
      if (kind === 'forbidden') fake.failNext(route.send, refusal(403, 50013, 'Missing Permissions'));
      if (kind === 'lost-answer') fake.dropAnswer(route.send);
      if (kind === 'hang') fake.hang(route.send);
    },
    sendCalls: () => fake.calls.filter((call) => call.route === route.send).length,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'unknown',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: null,
  };
}

function address(chat: string, thread: string | null): ChatAddress {
  return { channel: 'discord', chat, thread };
}

function readFixtures(): readonly Fixture[] {
  const schema = z.object({
    name: z.string(),
    payload: z.object({ t: z.string(), d: z.unknown() }),
    event: inboundEventSchema.omit({ raw: true }).nullable(),
  });
  const folder = `${import.meta.dirname}/fixtures`;
  return readdirSync(folder)
    .sort()
    .map((file) => schema.parse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))));
}
