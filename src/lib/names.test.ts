import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, restOf } from './cut.ts';
import { toHandle, toSlug } from './handle.ts';
import { isSameSecret, sha256Hex } from './hash.ts';
import { bornAt, createIds } from './ids.ts';
import { createUlid, randomCode, randomToken } from './random.ts';

test('ids carry the prefix of their noun and sort by time', () => {
  let now = 1_790_000_000_000;
  const ids = createIds({ now: () => now });
  expect([ids.event(), ids.conversation(), ids.turn(), ids.delivery(), ids.spend()]).toEqual(
    ['evt', 'cnv', 'trn', 'dlv', 'spd'].map((prefix) =>
      expect.stringMatching(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`)),
    ),
  );
  const early = ids.turn();
  now += 1;
  expect(ids.turn() > early).toBe(true);
});

test('the time of a ULID is its first ten characters', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 2 ** 46 }), (at, later) => {
      const [a, b] = [createUlid(() => at)(), createUlid(() => at + later)()];
      expect(a < b).toBe(true);
      expect(a.length).toBe(26);
    }),
  );
  expect(createUlid(() => 1_469_918_176_385)().slice(0, 10)).toBe('01ARYZ6S41');
});

test('an approval’s id is four characters with a digit among them, so that no word is one', () => {
  const ids = createIds({ now: () => 0 });
  for (let i = 0; i < 500; i += 1) expect(ids.approval()).toMatch(/^(?=.*[0-9])[0-9A-HJKMNP-TV-Z]{4}$/);
});

test('codes and tokens are not made twice', () => {
  const ids = createIds({ now: () => 0 });
  expect(ids.pairingCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const made = Array.from({ length: 1_000 }, () => ids.turn());
  expect(new Set(made).size).toBe(1_000);
  expect(randomToken()).toMatch(/^[0-9a-f]{64}$/);
  expect(randomToken()).not.toBe(randomToken());
  // Each of the 32 characters: with 20,000 drawn, a missing one means that it cannot be drawn.
  expect(new Set(randomCode(20_000)).size).toBe(32);
});

test('secrets are compared by what they are, of any length', () => {
  expect(isSameSecret('token', 'token')).toBe(true);
  expect(isSameSecret('token', 'tokeN')).toBe(false);
  expect(isSameSecret('token', 'token ')).toBe(false);
  expect(isSameSecret('', '')).toBe(true);
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test.each([
  ['Ann O’Neil', 'ann-o-neil'],
  ['--a--', 'a'],
  ['日本', ''],
  [`${'a'.repeat(39)}!b`, 'a'.repeat(39)],
])('the slug of %s', (text, slug) => {
  expect(toSlug(text)).toBe(slug);
});

test('a handle is a folder name, and two texts never share one', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom('', 'ann', 'Ann', 'ann.', '..', '日本'),
  );
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(toHandle(a)).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
      expect(toHandle(a).length).toBeLessThanOrEqual(53);
      expect(toHandle(a) === toHandle(b)).toBe(a === b);
    }),
  );
});

test('nobody gets another’s handle by naming themselves after it', () => {
  for (const text of ['Ann', '', 'telegram:7']) expect(toHandle(toHandle(text))).not.toBe(toHandle(text));
  expect(toHandle('ann')).toBe('ann');
});

test('a text is cut between characters, and head and rest are the whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (grapheme, at) => {
      const text = grapheme.toWellFormed();
      const [head, rest] = [cutText(text, at), restOf(text, at)];
      expect(head.isWellFormed() && rest.isWellFormed()).toBe(true);
      expect(head.length).toBeLessThanOrEqual(at);
      expect(text.startsWith(head) && text.endsWith(rest)).toBe(true);
      expect(text.length - head.length - rest.length).toBeLessThanOrEqual(2);
      expect(text.slice(head.length).startsWith(rest) || text.slice(head.length).endsWith(rest)).toBe(true);
    }),
  );
});

test('the time of an id can be read from it', () => {
  const ids = createIds({ now: () => 1_790_000_000_123 });
  expect(bornAt(ids.delivery())).toBe(1_790_000_000_123);
  expect(['dlv_test', '', 'dlv_0'].map(bornAt)).toEqual([null, null, null]);
});
