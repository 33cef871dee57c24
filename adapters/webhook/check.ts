import type { Finding } from '#core/ports/adapter.ts';
import { isPrivateHost } from '#lib/net/private-host.ts';
import type { Seen } from './receive.ts';
import type { Endpoint } from './settings.ts';

/** Standard Webhooks asks for so many at least. */
const strongBytes = 24;
const settingsPage = 'docs/channels/webhook.md';

/** What doctor says: each endpoint with its address, its scheme, where it answers and what came; and what is weak. */
export function checkEndpoints(
  endpoints: readonly Endpoint[],
  seen: (name: string) => Seen,
): readonly Finding[] {
  if (endpoints.length === 0) {
    return [
      {
        level: 'warn',
        what: 'There is no endpoint.',
        fix: `Add one under channels.webhook.endpoints (${settingsPage}).`,
      },
    ];
  }
  return endpoints.flatMap((endpoint) => [
    aboutEndpoint(endpoint, seen(endpoint.name)),
    ...weakSecret(endpoint),
    ...sharedSecret(endpoint, endpoints),
    ...unsignedTime(endpoint),
    ...clearCallback(endpoint),
    ...wrongSecret(endpoint, seen(endpoint.name)),
  ]);
}

function aboutEndpoint({ name, scheme, replyTo, perMinute }: Endpoint, { lastAt }: Seen): Finding {
  const where = replyTo.type === 'chat' ? replyTo.chat : hostOf(replyTo.url);
  const last = lastAt === null ? 'none since the start' : new Date(lastAt).toISOString();
  const what = `POST /hooks/${name} (${scheme}, ${perMinute} a minute) answers to ${where}; last event: ${last}.`;
  return { level: 'ok', what, fix: null };
}

function weakSecret({ name, keys }: Endpoint): readonly Finding[] {
  if (keys.every((key) => key.length >= strongBytes)) return [];
  const what = `A secret of the endpoint ${name} is short.`;
  return [
    { level: 'warn', what, fix: 'Make one with `openssl rand -base64 32`, and give it to the sender too.' },
  ];
}

/** What was sent to one of them could be sent to the other by whoever saw it. */
function sharedSecret({ name, keys }: Endpoint, all: readonly Endpoint[]): readonly Finding[] {
  const others = all.filter(
    (other) => other.name > name && other.keys.some((key) => keys.some((own) => isSame(key, own))),
  );
  return others.map((other) => ({
    level: 'warn',
    what: `The endpoints ${name} and ${other.name} have the same secret: what is sent to one is good for the other.`,
    fix: 'Give each a secret of its own.',
  }));
}

function unsignedTime({ name, scheme, timestampHeader }: Endpoint): readonly Finding[] {
  if (scheme !== 'hmac-sha256' || timestampHeader !== null) return [];
  const what = `No time is signed at the endpoint ${name}: the same body is the same event, whenever it comes.`;
  return [{ level: 'ok', what, fix: 'If the sender can sign a time, name its header as timestampHeader.' }];
}

function clearCallback({ name, replyTo }: Endpoint): readonly Finding[] {
  if (replyTo.type === 'chat' || replyTo.url.startsWith('https:')) return [];
  if (isPrivateHost(new URL(replyTo.url).hostname)) return [];
  const what = `The answers of the endpoint ${name} go to ${hostOf(replyTo.url)} in the clear.`;
  return [{ level: 'warn', what, fix: 'Use an https:// address as replyTo.url.' }];
}

function wrongSecret({ name }: Endpoint, { lastAt, refused }: Seen): readonly Finding[] {
  if (refused === 0 || lastAt !== null) return [];
  const what = `The endpoint ${name} refused ${refused} requests since the start, and took none: no right signature.`;
  const fix = `Compare secret and scheme with what the sender has (${settingsPage}, "What goes wrong").`;
  return [{ level: 'warn', what, fix }];
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}

function hostOf(url: string): string {
  return new URL(url).host;
}
