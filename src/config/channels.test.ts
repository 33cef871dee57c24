import { expect, test } from 'vitest';
import { presets } from '#model/catalogue/presets.ts';
import { parseConfig } from './load.ts';

const parse = (text: string) => parseConfig(text, { env: {}, home: '/nowhere', presets });

async function problemsOf(text: string): Promise<readonly string[]> {
  const result = await parse(text);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`);
}

async function warningsOf(text: string): Promise<readonly string[]> {
  const result = await parse(text);
  if (!result.ok) throw new Error('It is not good.');
  return result.warnings.map(({ path, message, fix }) => `${path} ${message}. ${fix}`);
}

const endpoint = (keys: string): string =>
  `channels: {telegram: {token: t}, webhook: {endpoints: {ci: {scheme: hmac-sha256, secret: long-enough, replyTo: "telegram:7", ${keys}}}}}`;

test.each([
  ['signatureHeader: "x y", prompt: p', 'signatureHeader must be the name of a header'],
  ['timestampHeader: "x:y", prompt: p', 'timestampHeader must be the name of a header'],
  ['prompt: "It is {{a b}}."', 'prompt has a place that is none'],
  ['prompt: "It is {{}}."', 'prompt has a place that is none'],
  ['prompt: "It is {{header:}}."', 'prompt has a place that is none'],
])('an endpoint that could not start is told of before: %s', async (keys, words) => {
  expect(await problemsOf(endpoint(keys))).toEqual([expect.stringContaining(words)]);
});

test('a prompt that is too long is told of too', async () => {
  const words = 'prompt must have at most 8000 characters';
  expect(await problemsOf(endpoint(`prompt: "${'x'.repeat(8_001)}"`))).toEqual([
    expect.stringContaining(words),
  ]);
  expect(await problemsOf(endpoint(`prompt: "${'x'.repeat(8_000)}"`))).toEqual([]);
});

test.each([
  'signatureHeader: X-Sig, timestampHeader: x_time, prompt: "{{body}} {{ a.0.b-c }} {{header:X-GitHub-Event}} {single} {{open"',
  'prompt: "{{body.a}}"',
])('an endpoint that can start: %s', async (keys) => {
  expect(await problemsOf(endpoint(keys))).toEqual([]);
});

test('an identity that nobody can have is a warning, which says how it is written', async () => {
  const identities = (...texts: readonly string[]): string =>
    `${endpoint('prompt: p')}\npeople: {ann: {role: owner, identities: ${JSON.stringify(texts)}}}`;
  const wrong = ['email:Ann@Example.org', 'whatsapp:+4917012345678', 'whatsapp:01701', 'webhook:nope'];
  expect(await warningsOf(identities(...wrong))).toEqual([
    expect.stringContaining('identities[0] is never met: addresses are known in small letters'),
    expect.stringContaining('identities[1] is never met: a phone number is'),
    expect.stringContaining('identities[2] is never met: a phone number is'),
    expect.stringContaining('identities[3] names the endpoint nope'),
  ]);
  const right = ['email:ann@example.org', 'whatsapp:4917012345678', 'whatsapp:lid:8800', 'whatsapp:US.134'];
  expect(await warningsOf(identities(...right, 'webhook:ci', 'telegram:7'))).toEqual([]);
});
