import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPayload } from './payload.ts';

function read(
  body: string | Uint8Array,
  type: string | null = 'application/json',
): ReturnType<typeof readPayload> {
  const headers = new Headers(type === null ? {} : { 'content-type': type });
  return readPayload(headers, typeof body === 'string' ? Buffer.from(body) : body);
}
const statusOf = (...args: Parameters<typeof read>): number | 'ok' => {
  const payload = read(...args);
  return payload.ok ? 'ok' : payload.status;
};

test('JSON under its names, and plain text, are taken', () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/cloudevents+json',
    null,
  ])
    expect(read('{"a":1}', type)).toEqual({ ok: true, text: '{"a":1}', json: { a: 1 } });
  expect(read('{"a":1}', 'text/plain;charset=UTF-8')).toEqual({ ok: true, text: '{"a":1}', json: { a: 1 } });
  for (const text of ['{"a":1,"a":2}', 'down', '{'])
    expect(read(text, 'text/plain')).toEqual({ ok: true, text, json: undefined });
});

test.each([
  ['application/x-www-form-urlencoded', /GitHub: .*application\/json/],
  ['multipart/form-data; boundary=x', /application\/json, or text\/plain/],
  ['application/octet-stream', /application\/json/],
  ['application/jsonp', /application\/json/],
  ['text/html', /application\/json/],
  ['', /application\/json/],
])('%s is refused in words', (type, why) => {
  expect(read('payload=%7B%7D', type)).toMatchObject({
    ok: false,
    status: 415,
    why: expect.stringMatching(why),
  });
});

test.each([
  ['nothing', ''],
  ['half of it', '{"a":'],
  ['a byte-order mark', '\u{feff}{"a":1}'],
  ['a name twice', '{"a":1,"a":2}'],
  ['a name twice, written in two ways', '{"a":1,"\\u0061":2}'],
  ['a name twice, deep inside', '[{"x":{"a":1,"b":":","a":2}}]'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
  ['half a character', '{"a":"\\ud800"}'],
  ['half a character in a name', '{"\\udc00":1}'],
  ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
  ['100,000 levels', '[{"a":'.repeat(50_000)],
  ['NaN', '{"a":NaN}'],
])('%s is no JSON to us', (_, body) => {
  expect(statusOf(body)).toBe(400);
});

test('bytes that are no UTF-8 are refused, and so is UTF-16', () => {
  expect(statusOf(new Uint8Array([0x22, 0xff, 0x22]))).toBe(400);
  expect(statusOf(new Uint8Array([0xc0, 0xaf]), 'text/plain')).toBe(400);
  expect(statusOf(Buffer.from('{"a":1}', 'utf16le'))).toBe(400);
});

test('a mebibyte of anything is read or refused in a moment', () => {
  const mebibyte = 1_048_576;
  const began = performance.now();
  for (const body of [
    '['.repeat(mebibyte),
    '"'.repeat(mebibyte),
    '\\'.repeat(mebibyte),
    '{"a":'.repeat(mebibyte / 5),
    `"${'x'.repeat(mebibyte - 2)}"`,
    `[${'0,'.repeat(mebibyte / 2 - 2)}0]`,
  ])
    statusOf(body);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('every JSON value that is not too deep comes through as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20, stringUnit: 'grapheme' }), (value) => {
      const text = JSON.stringify(value);
      expect(read(text)).toEqual({ ok: true, text, json: JSON.parse(text) });
    }),
  );
});

test('whatever the bytes are: no exception', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('application/json', 'text/plain'),
      (bytes, type) => {
        expect(['ok', 400]).toContain(statusOf(bytes, type));
      },
    ),
  );
});
