import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressesIn, normalAddress, readFrom } from './address.ts';

const one = (address: string, name = ''): object => ({
  type: 'one',
  mailbox: { address, domain: address.slice(address.indexOf('@') + 1), name },
});

test.each([
  ['ann@x.test', one('ann@x.test')],
  ['<ann@x.test>', one('ann@x.test')],
  ['Ann <ANN@X.Test>', one('ann@x.test', 'Ann')],
  ['"Ann, the owner" <ann@x.test>', one('ann@x.test', 'Ann, the owner')],
  ['ann@x.test (Ann)', one('ann@x.test')],
  ['ann(the)@(comment)x.test', one('ann@x.test')],
  ['Ann (<owner@x.test>) <ann@x.test>', one('ann@x.test', 'Ann')],
  ['"owner@x.test" <evil@y.test>', one('evil@y.test', 'owner@x.test')],
  ['owner@x.test <evil@y.test>', one('evil@y.test', 'owner@x.test')],
  ['=?utf-8?q?owner=40x=2Etest?= <evil@y.test>', one('evil@y.test', '=?utf-8?q?owner=40x=2Etest?=')],
  ['ann@bücher.test', one('ann@xn--bcher-kva.test')],
  // A Cyrillic а looks like a Latin one and is another domain.
  ['ann@pаypal.test', one('ann@xn--pypal-4ve.test')],
  ['ann@x.test.', one('ann@x.test')],
])('%s', (value, expected) => expect(readFrom(value)).toEqual(expected));

test.each([
  '',
  'Ann',
  'ann',
  'ann@',
  '@x.test',
  'ann@localhost',
  'ann@x.test, evil@y.test',
  '<ann@x.test> <evil@y.test>',
  '<ann@x.test>, <evil@y.test>',
  'Owners: ann@x.test, bob@x.test;',
  'undisclosed-recipients:;',
  '<ann@x.test> evil@y.test',
  '=?utf-8?q?ann=40x=2Etest?=',
  '<=?utf-8?q?ann?=@x.test>',
  '"ann@x.test',
  'Ann <ann@x.test',
  'Ann (ann@x.test',
  '"ann"@x.test',
  'ann@x.test@y.test',
  'an n@x.test',
  'ann@x..test',
  'ann@[192.0.2.1]',
  'ann\u0000@x.test',
  '@a,@b:ann@x.test',
  `${'('.repeat(50)}${')'.repeat(50)} ann@x.test`,
  `${'a'.repeat(3_000)}@x.test`,
])('unclear: %s', (value) => expect(readFrom(value)).toMatchObject({ type: 'unclear' }));

test('the addresses of a To are found, in groups and among names too', () => {
  expect(addressesIn('Bot <bot@local.test>, "bot@evil.test" <ann@x.test>, Team: bob@x.test;, junk')).toEqual([
    'bot@local.test',
    'ann@x.test',
    'bob@x.test',
  ]);
});

test('whatever stands there: it never throws, and what is read is an address', () => {
  const piece = fc.oneof(
    fc.constantFrom('<', '>', '"', '(', ')', '\\', ',', ':', ';', '@', ' ', 'ann@x.test', '=?utf-8?q?', '?='),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const value = pieces.join('');
      const from = readFrom(value);
      if (from.type === 'one') {
        const { address } = from.mailbox;
        expect(address).toMatch(/^[^\s<>",;:()\\@]+@[a-z0-9.-]+$/);
        expect(normalAddress(address)).toBe(address);
      }
      for (const address of addressesIn(value)) expect(normalAddress(address)).toBe(address);
    }),
  );
});

test('a hostile field takes no time', () => {
  for (const value of [
    '('.repeat(100_000),
    '"\\'.repeat(50_000),
    '<a@'.repeat(30_000),
    ','.repeat(100_000),
  ]) {
    const startedAt = performance.now();
    readFrom(value);
    addressesIn(value);
    expect(performance.now() - startedAt).toBeLessThan(500);
  }
});
