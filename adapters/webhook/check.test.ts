import { expect, test } from 'vitest';
import { checkEndpoints } from './check.ts';
import { webhookSettingsSchema } from './settings.ts';

const secret = 'a-secret-that-is-long-enough';
const whsec = `whsec_${Buffer.from(secret).toString('base64')}`;
const good = { secret, scheme: 'github', prompt: 'x', replyTo: 'telegram:7' };

function warnings(endpoints: object): readonly string[] {
  const parsed = webhookSettingsSchema.parse({ endpoints });
  const findings = checkEndpoints(parsed.endpoints, () => ({ lastAt: 0, refused: 9 }));
  return findings.filter(({ level }) => level === 'warn').map(({ what }) => what);
}

test('a good one has nothing to be warned of', () => {
  expect(warnings({ ci: good, hub: { ...good, secret: `${secret}-other` } })).toEqual([]);
});

test.each([
  [{ ci: { ...good, secret: 'seventeen-letters' } }, /secret of the endpoint ci is short/],
  [{ ci: good, hub: good }, /ci and hub have the same secret/],
  [
    { ci: { ...good, replyTo: { url: 'http://x.example/a', secret: whsec } } },
    /ci go to x\.example in the clear/,
  ],
  [{}, /no endpoint/],
])('%j is warned of', (endpoints, what) => {
  expect(warnings(endpoints)).toEqual([expect.stringMatching(what)]);
});

test.each([
  'http://localhost:8080',
  'http://127.0.0.1',
  'http://[::1]/x',
  'http://n8n:5678',
  'http://10.0.0.7',
  'http://192.168.1.2',
  'http://box.local',
  'https://x.example',
])('call-backs to %s are not in the clear on the internet', (url) =>
  expect(warnings({ ci: { ...good, replyTo: { url, secret: whsec } } })).toEqual([]),
);

test.each(['http://8.8.8.8', 'http://172.32.0.1', 'http://[2001:db8::1]', 'http://x.example.internal.com'])(
  'call-backs to %s are',
  (url) => expect(warnings({ ci: { ...good, replyTo: { url, secret: whsec } } })).toHaveLength(1),
);
