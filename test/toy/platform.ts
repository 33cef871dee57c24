import type { FakePlatform } from '#test/fakes/platform.ts';
import { startFakeToy } from './fake.ts';

const key = 'key-of-the-toy-platform';

/** The toy as the suites of all platforms drive it: the second platform that a fault of the first must leave alone. */
export async function startToyPlatform(): Promise<FakePlatform> {
  const fake = await startFakeToy(key);
  const chat = (person: number): string => `chat${person}`;
  return {
    name: 'toy',
    url: fake.url,
    config: (url) => `{ key: "${key}", apiRoot: "${url}" }`,
    identity: (person) => `toy:u${person}`,
    chat: (person) => ({ channel: 'toy', chat: chat(person), thread: null }),
    say: (person, text, at = Date.now()) => {
      const payload = fake.say(text, { chat: chat(person), from: `u${person}`, at });
      return () => fake.deliver(payload);
    },
    sayInGroup: (person, text) => void fake.say(`@toy ${text}`, { chat: 'room', from: `u${person}` }),
    shown: (person) => fake.shown(chat(person)),
    shownInGroup: () => fake.shown('room'),
    trouble: (kind) => fake.always(kind),
    sendCalls: () => fake.sendCalls(),
    close: () => fake.close(),
  };
}
