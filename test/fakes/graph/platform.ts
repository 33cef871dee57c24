import type { FakePlatform } from '../platform.ts';
import { type FakeGraph, phoneNumberId, startFakeGraph } from './index.ts';

const token = 'EAAJB-test-token-of-the-fake-graph-0123456789';
const appSecret = 'test-app-secret-of-the-fake-graph';
const verifyToken = 'test-verify-token-of-the-fake-graph';

/** WhatsApp through Meta's Cloud API as suites see it that know no platform. Person 0 is 16505551200. */
export async function startGraphPlatform(): Promise<FakePlatform & { readonly fake: FakeGraph }> {
  const fake = await startFakeGraph({ token, appSecret });
  const number = (person: number): string => `165055512${String(person).padStart(2, '0')}`;
  const secrets = `token: "${token}", appSecret: "${appSecret}", verifyToken: "${verifyToken}"`;
  return {
    fake,
    name: 'whatsapp',
    url: fake.url,
    config: (url) => `{ mode: cloud, phoneNumberId: "${phoneNumberId}", ${secrets}, apiRoot: "${url}" }`,
    follow: (gatewayUrl) =>
      fake.follow(async (body, headers) => {
        const response = await fetch(`${gatewayUrl}/hooks/whatsapp`, { method: 'POST', body, headers });
        await response.arrayBuffer();
        return response.status;
      }),
    identity: (person) => `whatsapp:${number(person)}`,
    chat: (person) => ({ channel: 'whatsapp', chat: number(person), thread: null }),
    say: (person, text, at) => {
      const said = fake.say(text, { from: number(person), ...(at === undefined ? {} : { at }) });
      return () => fake.again(said);
    },
    sayInGroup: () => {
      throw new Error('The Cloud API has no groups here.');
    },
    shown: (person) => fake.messages.shownTo(number(person)),
    shownInGroup: () => [],
    trouble: (kind) => void (fake.trouble = kind),
    sendCalls: () => fake.callsOf('message').length,
    close: fake.close,
  };
}
