import type { FakePlatform } from '#test/fakes/platform.ts';
import { showingMethods } from './faults.ts';
import { startFakeTelegram } from './index.ts';
import type { Chat, User } from './people.ts';

const token = '123456:TEST-token-of-the-fake-telegram-platform';
const firstPersonId = 7;
const group: Chat = { id: -100_500, type: 'supergroup', title: 'The group' };

/** The fake Bot API server as the suites of all platforms drive it. Its answers in a group stand in the group itself. */
export async function startTelegramPlatform(): Promise<FakePlatform> {
  const fake = await startFakeTelegram({ token });
  const textsIn = (chat: number): string[] => fake.messages(chat).map(({ text }) => text);
  return {
    name: 'telegram',
    url: fake.url,
    config: (url) => `{ token: "${token}", apiRoot: "${url}" }`,
    identity: (person) => `telegram:${idOf(person)}`,
    chat: (person) => ({ channel: 'telegram', chat: String(idOf(person)), thread: null }),
    say: (person, text, at = Date.now()) => {
      const update = fake.userText(text, { from: userOf(person), date: Math.floor(at / 1000) });
      return () => fake.again(update);
    },
    sayInGroup: (person, text) =>
      void fake.userText(`@${fake.bot.username} ${text}`, { from: userOf(person), chat: group }),
    shown: (person) => textsIn(idOf(person)),
    shownInGroup: () => textsIn(group.id),
    trouble: (kind) => fake.trouble(kind),
    sendCalls: () => fake.calls.filter(({ method }) => showingMethods.has(method)).length,
    close: () => fake.close(),
  };
}

function idOf(person: number): number {
  return firstPersonId + person;
}

function userOf(person: number): User {
  return { id: idOf(person), first_name: `Person ${person}` };
}
