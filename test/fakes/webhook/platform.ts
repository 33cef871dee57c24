import type { FakePlatform } from '../platform.ts';
import { type Message, type SenderEndpoint, type Target, createSender } from './sender.ts';
import { startReceiver } from './receiver.ts';

const people = 8;
const replySecret = `whsec_${Buffer.from('reply-secret-of-the-fake-platform').toString('base64')}`;
/** The gateway's first line and its last, and the quotation marks around what was said. */
const quoted = /\[webhook [^\]]*\]\n("(?:[^"\\]|\\.)*")\n\[What is quoted [^\]]*\]/g;

/** The persons take turns with the schemes. */
export function endpointOf(person: number): SenderEndpoint {
  const name = `p${person}`;
  const words = `secret-of-person-${person}-of-the-fake`;
  if (person % 3 === 0) {
    const secret = `whsec_${Buffer.from(words).toString('base64')}`;
    return { name, scheme: 'standard', secret };
  }
  return { name, scheme: person % 3 === 1 ? 'github' : 'hmac-sha256', secret: words };
}

/** `channels.webhook` with these endpoints, as YAML in one line; their answers go to `url`. */
export function webhookConfig(endpoints: readonly SenderEndpoint[], url: string): string {
  const entries = endpoints.map(({ name, scheme, secret }) => {
    const replyTo = `{ url: "${url}/answers/${name}", secret: "${replySecret}" }`;
    return `${name}: { secret: "${secret}", scheme: ${scheme}, prompt: "{{text}}", replyTo: ${replyTo}, perMinute: 6000 }`;
  });
  return `{ endpoints: { ${entries.join(', ')} } }`;
}

export function webhookReceiver(
  options: Omit<Parameters<typeof startReceiver>[0], 'secret'> = {},
): ReturnType<typeof startReceiver> {
  return startReceiver({ ...options, secret: replySecret });
}

/** Requests to a gateway at an address. */
export function overHttp(gatewayUrl: string): Target {
  return (path, init) => fetch(`${gatewayUrl}${path}`, init);
}

/** What somebody said, as a program tells it. */
export function messageOf(person: number, text: string, at = Date.now()): Message {
  const begun = Date.now();
  const id = `msg_${crypto.randomUUID().replaceAll('-', '')}`;
  return {
    endpoint: endpointOf(person),
    id,
    body: JSON.stringify({ id, text }),
    now: () => at + (Date.now() - begun),
    headers: {},
  };
}

/** The words as they were said, without what the gateway puts around them. */
export function asSaid(text: string): string {
  return text.replaceAll(quoted, (_, words: string) => String(JSON.parse(words)));
}

/** Programs that call a gateway and are called back. Person 0 is the program behind the endpoint p0. */
export async function startWebhookPlatform(): Promise<FakePlatform> {
  const receiver = await webhookReceiver();
  const sender = createSender();
  const endpoints = Array.from({ length: people }, (_, person) => endpointOf(person));
  const shown = (person: number): readonly string[] =>
    receiver.calls.flatMap(({ endpoint, text }) => (endpoint === `p${person}` ? [asSaid(text)] : []));
  return {
    name: 'webhook',
    url: receiver.url,
    config: (url) => webhookConfig(endpoints, url),
    follow: (gatewayUrl) => sender.follow(overHttp(gatewayUrl)),
    identity: (person) => `webhook:p${person}`,
    chat: (person) => ({ channel: 'webhook', chat: `p${person}`, thread: null }),
    say: (person, text, at) => {
      const message = messageOf(person, text, at);
      sender.send(message);
      return () => sender.send(message);
    },
    sayInGroup: () => {
      throw new Error('Programs have no groups.');
    },
    shown,
    shownInGroup: () => [],
    trouble: receiver.always,
    sendCalls: receiver.requests,
    close: async () => {
      sender.close();
      await receiver.close();
    },
  };
}
