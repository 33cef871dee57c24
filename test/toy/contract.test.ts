import type { ChatAddress } from '#core/address.ts';
import { type AdapterSubject, testAdapter } from '#test/contract/adapter.ts';
import { createToy } from './adapter/index.ts';
import { type FakeToy, startFakeToy } from './fake.ts';

const key = 'key-of-the-toy-contract';
const secret = 'secret-of-the-toys-door';

testAdapter({
  name: 'a toy outside the tree',
  setup: async () => {
    const fake = await startFakeToy(key);
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

function subjectFor(fake: FakeToy): AdapterSubject {
  const said = { id: 'm-fixture', at: 1_790_000_000_000, chat: 'chat1', group: false, text: 'hello' };
  const settings = { key, apiRoot: fake.url, secret };
  const from = { id: 'u1', name: 'Ann', bot: false };
  return {
    create: (deps) => createToy(deps, settings),
    secrets: [key, secret],
    addresses: [address('chat1'), address('room')],
    fixtures: [
      {
        name: 'a message',
        payload: { ...said, from },
        event: {
          platformId: said.id,
          kind: 'message',
          chat: address('chat1'),
          direct: true,
          sender: { id: 'u1', name: 'Ann' },
          addressed: true,
          text: 'hello',
          files: [],
          messageId: said.id,
          replyTo: null,
          sentAt: said.at,
        },
      },
      { name: 'of a bot', payload: { ...said, from: { ...from, bot: true } }, event: null },
    ],
    deliver: fake.deliver,
    say: (text, { chat }) =>
      void fake.say(chat === 'room' ? `@toy ${text}` : text, { chat, from: 'u1', at: said.at }),
    sayAsBot: (text) => void fake.say(text, { chat: 'chat1', from: 'toy', bot: true }),
    acknowledged: fake.acknowledged,
    shown: ({ chat }) => fake.shown(chat),
    fault: fake.fault,
    sendCalls: fake.sendCalls,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'transient',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: {
      create: (deps) => createToy(deps, settings),
      request: () =>
        new Request('http://x/hooks/toy', {
          method: 'POST',
          headers: { 'x-toy-secret': 'guessed-secret' },
          body: JSON.stringify({ ...said, from }),
        }),
    },
  };
}

function address(chat: string): ChatAddress {
  return { channel: 'toy', chat, thread: null };
}
