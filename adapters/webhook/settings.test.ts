import { expect, test } from 'vitest';
import { createTestDeps } from '#test/fakes/sink.ts';
import { buildWebhook } from './index.ts';
import { webhookSettingsSchema } from './settings.ts';

const secret = 'a-secret-that-is-long-enough';
const whsec = `whsec_${Buffer.from(secret).toString('base64')}`;
const good = { secret, scheme: 'github', prompt: '{{body}}', replyTo: 'telegram:7' };
const withEndpoint = (change: object, name = 'ci') => ({ endpoints: { [name]: { ...good, ...change } } });

/** What is said of it: where, and what is wrong. */
function refusal(change: object, name?: string): string {
  const parsed = webhookSettingsSchema.safeParse(withEndpoint(change, name));
  return parsed.success
    ? 'taken'
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
}

test('what is whole is taken', () => {
  expect(refusal({})).toBe('taken');
  expect(refusal({ scheme: 'standard', secret: whsec, previousSecret: whsec })).toBe('taken');
  expect(refusal({ scheme: 'standard', secret: whsec.slice(6) })).toBe('taken');
  const full = { scheme: 'hmac-sha256', signatureHeader: 'X-Sig', timestampHeader: 'X-Time', perMinute: 1 };
  expect(refusal({ ...full, replyTo: { url: 'https://x.example/answers', secret: whsec } })).toBe('taken');
});

test.each([
  [{ secret: '' }, 'endpoints.ci.secret is empty'],
  [{ secret: '   ' }, 'endpoints.ci.secret is empty'],
  [{ secret: undefined }, 'endpoints.ci.secret'],
  [{ secret: null }, 'endpoints.ci.secret'],
  [{ scheme: 'standard', secret: 'whsec_' }, 'endpoints.ci.secret is empty'],
  [{ scheme: 'standard', secret: 'whsec_====' }, 'endpoints.ci.secret must be base 64'],
  [{ scheme: 'standard', secret: 'no base 64 at all!' }, 'endpoints.ci.secret must be base 64'],
  [{ scheme: 'standard', secret: 'whsec_c2hvcnQ=' }, 'endpoints.ci.secret is too short (5 bytes)'],
  [{ secret: 'letters' }, 'endpoints.ci.secret is too short (7 bytes)'],
  [{ secret: ` ${secret}` }, 'endpoints.ci.secret must not begin or end with spaces'],
  [{ previousSecret: '' }, 'endpoints.ci.previousSecret is empty'],
  [{ replyTo: { url: 'https://x.example', secret: 'whsec_' } }, 'endpoints.ci.replyTo.secret is empty'],
  [{ replyTo: { url: 'https://x.example' } }, 'endpoints.ci.replyTo'],
  [{ replyTo: { url: 'ftp://x.example', secret: whsec } }, 'endpoints.ci.replyTo'],
  [{ replyTo: 'webhook:ci' }, 'endpoints.ci.replyTo'],
  [{ replyTo: 'telegram' }, 'endpoints.ci.replyTo'],
  [{ prompt: '{{a b}}' }, 'endpoints.ci.prompt has {{a b}}, which is no place'],
  [{ prompt: '{{header:x-hub-signature-256}}' }, 'endpoints.ci.prompt must not show the header'],
  [
    { scheme: 'hmac-sha256', signatureHeader: 'X-Sig', prompt: '{{header:x-sig}}' },
    'endpoints.ci.prompt must not',
  ],
  [{ signatureHeader: 'x sig' }, 'endpoints.ci.signatureHeader'],
  [{ perMinute: 0 }, 'endpoints.ci.perMinute'],
  [{ scheme: 'none' }, 'endpoints.ci.scheme'],
])('%j is refused in words', (change, why) => {
  expect(refusal(change)).toContain(why);
  expect(() => buildWebhook(createTestDeps(), withEndpoint(change))).toThrow();
});

test.each(['telegram', 'discord', 'slack', 'whatsapp', 'email', 'webhook', 'web', 'cli', 'api'])(
  'an endpoint is not called %s: that door is another’s',
  (name) => expect(refusal({}, name)).toContain(`endpoints.${name} is the name of a channel`),
);

test.each(['', 'CI', 'a/b', '../x', 'a b', '__proto__x', 'x'.repeat(33)])(
  'an endpoint is not called %j',
  (name) => expect(refusal({}, name)).not.toBe('taken'),
);

test('a message that refuses holds no secret', () => {
  expect(refusal({ secret: 'hidden-but-shor' })).not.toContain('hidden');
});
