import { expect, test } from 'vitest';
import { type Hook, answerHook } from './hook.ts';

interface Seen {
  readonly signed: string[];
  readonly taken: string[];
  readonly refused: unknown[];
}

function setUp(change: Partial<Hook> = {}): Seen & { post(init: RequestInit): Promise<Response> } {
  const seen: Seen = { signed: [], taken: [], refused: [] };
  const hook: Hook = {
    maxBytes: 8,
    isGenuine: (headers, body) => {
      seen.signed.push(Buffer.from(body).toString('hex'));
      return headers.get('x-signature') === 'right';
    },
    take: async (text) => {
      seen.taken.push(text);
      return null;
    },
    onRefused: (error) => seen.refused.push(error),
    ...change,
  };
  return { ...seen, post: (init) => answerHook(new Request('http://x/hooks/x', init), hook) };
}

const right = { method: 'POST', headers: { 'x-signature': 'right' } };

test('what was signed are the bytes as they came, a byte-order mark and wrong bytes too', async () => {
  const { post, signed, taken } = setUp();
  expect((await post({ ...right, body: '\u{feff}{}' })).status).toBe(200);
  expect((await post({ ...right, body: new Uint8Array([0xff, 0x00]) })).status).toBe(200);
  expect(signed).toEqual(['efbbbf7b7d', 'ff00']);
  expect(taken).toEqual(['\u{feff}{}', '\u{fffd}\0']);
});

test('no POST, too large, not signed: nothing is taken', async () => {
  const { post, taken, signed } = setUp();
  expect((await post({ method: 'GET' })).status).toBe(405);
  expect((await post({ ...right, body: 'x'.repeat(9) })).status).toBe(413);
  expect(signed).toEqual([]);
  expect((await post({ method: 'POST', body: '{}' })).status).toBe(401);
  expect(taken).toEqual([]);
});

test('what is not stored is told, and so is an answer of its own', async () => {
  const failing = setUp({ take: () => Promise.reject(new Error('disk full')) });
  expect((await failing.post({ ...right, body: '{}' })).status).toBe(503);
  expect(failing.refused).toEqual([new Error('disk full')]);
  const other = setUp({ take: async () => new Response('hello', { status: 201 }) });
  expect((await other.post({ ...right, body: '{}' })).status).toBe(201);
});
