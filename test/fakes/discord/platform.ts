import type { FakePlatform } from '#test/fakes/platform.ts';
import { bot, generalId, showingRoutes, startFakeDiscord, threadId, type User } from './index.ts';

const token = 'MTAwMDAw.test-token-of-the-fake-discord-platform';
/** Short, so that a socket gone silent is noticed while a test waits. */
const heartbeatMs = 2_000;

/** The fake Discord as the suites of all platforms drive it. Answers in the group stand in its channel or thread. */
export async function startDiscordPlatform(): Promise<FakePlatform> {
  const fake = await startFakeDiscord({ token, heartbeatMs });
  const textsIn = (place: string): string[] => fake.shown(place).map(({ content }) => content);
  const chatOf = (person: number): string => fake.direct(userOf(person).id).id;
  return {
    name: 'discord',
    url: fake.url,
    config: (url) => `{ token: "${token}", apiRoot: "${url}/api" }`,
    identity: (person) => `discord:${userOf(person).id}`,
    chat: (person) => ({ channel: 'discord', chat: chatOf(person), thread: null }),
    say: (person, text, at = Date.now()) => {
      const { message } = fake.say(text, { from: userOf(person), at });
      return () => void fake.again(message);
    },
    sayInGroup: (person, text) =>
      void fake.say(`<@${bot.id}> ${text}`, { from: userOf(person), place: generalId }),
    shown: (person) => textsIn(chatOf(person)),
    shownInGroup: () => [generalId, threadId].flatMap(textsIn),
    trouble: (kind) => fake.trouble(kind),
    sendCalls: () => fake.calls.filter(({ route }) => showingRoutes.has(route)).length,
    close: () => fake.close(),
  };
}

function userOf(person: number): User {
  return { id: String(200_000_000_000_000_000n + BigInt(person)), username: `person${person}` };
}
