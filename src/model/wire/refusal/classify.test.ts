import { expect, test } from 'vitest';
import { classify } from './classify.ts';
import { type Facts, factsOf } from './facts.ts';
import { redactorFor } from './secrets.ts';

const none: Facts = { status: null, code: '', message: '', retryAfterMs: null, network: '' };

function typeOf(facts: Partial<Facts>): string {
  return classify({ ...none, ...facts }, 'main/large', (text) => text).type;
}

test.each([
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  'Your input exceeds the context window of this model. Please adjust your input and try again.',
  'prompt is too long: 233153 tokens > 200000 maximum',
  'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
  'The input token count (1050000) exceeds the maximum number of tokens allowed (1048576).',
  'the request exceeds the available context size (4096 tokens), try increasing it',
  "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
  'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
  'Please reduce the length of the messages or completion.',
  'The total length of all messages is too long.',
  'Trying to keep the first 5000 tokens when context the overflows.',
])('is read as too long: %s', (message) => {
  expect(typeOf({ status: 400, message })).toBe('context-too-long');
});

test.each([
  "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64.",
  'max_tokens must be less than or equal to 4096',
  'temperature exceeds maximum allowed value',
  'image exceeds maximum size',
])('is not read as too long: %s', (message) => {
  expect(typeOf({ status: 400, message })).toBe('bad-request');
});

test.each<[string, Partial<Facts>, string]>([
  ['a limit', { status: 429, message: 'Rate limit reached' }, 'rate-limited'],
  [
    'a limit by the minute in words of tokens',
    { status: 429, message: 'too many tokens, reduce the number of tokens' },
    'rate-limited',
  ],
  ['a limit inside a stream', { code: 'rate_limit_exceeded', message: 'slow down' }, 'rate-limited'],
  [
    'no money',
    { status: 429, code: 'insufficient_quota', message: 'You exceeded your current quota' },
    'auth',
  ],
  [
    'a free tier that is used up for now',
    { status: 429, message: 'You exceeded your current quota, please check your plan and billing details.' },
    'rate-limited',
  ],
  ['no credit', { status: 402, message: 'Insufficient credits' }, 'auth'],
  ['a low balance', { status: 400, message: 'Your credit balance is too low to access the API.' }, 'auth'],
  ['a body that is too large', { status: 413 }, 'context-too-long'],
  ['an old llama.cpp', { status: 500, message: 'context size exceeded' }, 'context-too-long'],
  ['a filter', { status: 400, code: 'content_filter', message: 'The response was filtered' }, 'refused'],
  [
    'a flagged input',
    { status: 403, message: 'Your chosen model requires moderation and your input was flagged' },
    'refused',
  ],
  ['a conflict', { status: 409 }, 'transient'],
  ['an overload', { status: 529, message: 'Overloaded' }, 'transient'],
  ['no connection', { network: 'ENOTFOUND' }, 'transient'],
  ['an unknown model', { status: 404, message: 'model "x" not found, try pulling it first' }, 'bad-request'],
])('%s is %s', (_, facts, type) => {
  expect(typeOf(facts)).toBe(type);
});

test('Retry-After is read in milliseconds, seconds and as a date', () => {
  const at = (headers: Record<string, string>): number | null =>
    factsOf({ status: 429, headers: new Headers(headers) }, Date.parse('2026-11-20T10:00:00Z')).retryAfterMs;
  expect(at({ 'retry-after-ms': '250' })).toBe(250);
  expect(at({ 'retry-after': '1.5' })).toBe(1_500);
  expect(at({ 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT' })).toBe(30_000);
  expect(at({ 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' })).toBe(0);
  expect(at({ 'retry-after': 'soon' })).toBeNull();
  expect(at({})).toBeNull();
});

test('a reason is one short line, whatever the provider writes', () => {
  const message = `Unknown field 'x'.\n\nTraceback (most recent call last):\n${'file.py '.repeat(100)}`;
  expect(classify({ ...none, status: 400, message }, 'main/large', (text) => text).reason).toBe(
    "main/large refused the request (400): Unknown field 'x'.",
  );
});

test('a password with a stray percent sign is masked as it stands', () => {
  const clean = redactorFor({
    baseUrl: 'http://ann:100%sure@host/v1',
    apiKey: null,
    concurrency: 1,
    preset: null,
    models: {},
  });
  expect(clean('the word is 100%sure')).toBe('the word is [secret]');
});
