import type { FakePlatform } from '../platform.ts';
import { startFakeSlack } from './index.ts';
import { shownText } from './chats.ts';

const botToken = 'xoxb-1111-2222-test-token-of-the-fake';
const appToken = 'xapp-1-A1-3333-test-token-of-the-fake';
const group = 'C1';
/** Calls that show something in a chat. */
const shows = new Set(['chat.postMessage', 'chat.update', 'chat.delete', 'files.completeUploadExternal']);

/** Slack as suites see it that know no platform. Person 0 is U100 in D100. */
export async function startSlackPlatform(): Promise<FakePlatform> {
  const fake = await startFakeSlack({ botToken, appToken });
  const user = (person: number): string => `U${100 + person}`;
  const direct = (person: number): string => `D${100 + person}`;
  return {
    name: 'slack',
    url: fake.url,
    config: (url) =>
      `{ botToken: "${botToken}", appToken: "${appToken}", apiRoot: "${url}/api/", mode: socket }`,
    identity: (person) => `slack:T1/${user(person)}`,
    chat: (person) => ({ channel: 'slack', chat: `T1/${direct(person)}`, thread: null }),
    say: (person, text, at) => {
      const said = fake.say(text, { from: user(person), ...(at === undefined ? {} : { at }) });
      return () => {
        for (const delivery of said.deliveries) fake.again(delivery);
      };
    },
    sayInGroup: (person, text) => {
      fake.say(`<@UBOT> ${text}`, { from: user(person), channel: group });
    },
    shown: (person) => fake.messages(direct(person)).map(shownText),
    shownInGroup: () => fake.messages(group).map(shownText),
    trouble: (kind) => {
      fake.trouble = kind === null ? null : (method) => (shows.has(method) ? kind : null);
    },
    sendCalls: () => fake.calls.filter(({ method }) => shows.has(method)).length,
    close: fake.close,
  };
}
