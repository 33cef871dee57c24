import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAuthResults } from './results.ts';

/** `method=result header.from`, for each method of the field. */
function said(value: string): readonly string[] | null {
  const results = readAuthResults(value);
  if (results === null) return null;
  return results.methods.map(({ method, result, properties }) =>
    `${method}=${result} ${properties.get('header.from') ?? ''}`.trim(),
  );
}

test.each([
  // As large providers and programs write it.
  [
    'mx.google.com; dkim=pass header.i=@x.test header.s=s1 header.b=AbC/+=; spf=pass (google.com: domain of a@x.test designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@x.test; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=x.test',
    ['dkim=pass', 'spf=pass', 'dmarc=pass x.test'],
  ],
  ['mail.example.org; dmarc=pass (p=reject dis=none) header.from=X.Test', ['dmarc=pass X.Test']],
  ['mail.example.org 1; DMARC = Pass Header.From = x.test', ['dmarc=pass x.test']],
  ['mail.example.org; dmarc/1=pass header.from="x.test"', ['dmarc=pass x.test']],
  ['mail.example.org; none', []],
  ['"mail.example.org"; spf=none', ['spf=none']],
  // Comments are no words, wherever they stand.
  ['mail.example.org (dmarc=pass header.from=x.test); dmarc=fail header.from=x.test', ['dmarc=fail x.test']],
  ['mail.example.org; dmarc(a;b(c)\\))=fail (; dmarc=pass) header.from=x.test', ['dmarc=fail x.test']],
  // What is quoted is one word.
  ['mail.example.org; spf=fail reason="; dmarc=pass header.from=x.test"', ['spf=fail']],
  [
    'mail.example.org; spf=fail smtp.mailfrom="a b"@x.test; dmarc=pass header.from=x.test',
    ['dmarc=pass x.test'],
  ],
  // Said twice, or with words that do not fit: it is not said.
  ['mail.example.org; dmarc=pass header.from=evil.test header.from=x.test', []],
  ['mail.example.org; dmarc=pass dmarc=fail header.from=x.test header', []],
  ['mail.example.org; header.from=x.test; dmarc pass', []],
])('%s', (value, expected) => expect(said(value)).toEqual(expected));

test.each([
  '',
  ';',
  'spf=pass; dmarc=pass header.from=x.test',
  'two words; dmarc=pass header.from=x.test',
  'mail.example.org; dmarc=pass (open header.from=x.test',
  'mail.example.org; reason="open; dmarc=pass header.from=x.test',
  `mail.example.org; ${'a=b '.repeat(8_000)}`,
])('none of it: %s', (value) => expect(readAuthResults(value)).toBeNull());

test('whatever is added behind, nothing that failed passes', () => {
  const noise = fc.array(
    fc.oneof(
      fc.constantFrom(';', '(', ')', '"', '\\', '=', ' ', 'x.test', 'header.from', 'spf=pass', '\t'),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(noise, noise, (before, behind) => {
      const text = (pieces: readonly string[]): string => pieces.join('').replaceAll(/dmarc/gi, '');
      const value = `mail.example.org; spf=fail ${text(before)}; dmarc=fail header.from=x.test ${text(behind)}`;
      const methods = readAuthResults(value)?.methods ?? [];
      expect(methods.filter(({ method, result }) => method === 'dmarc' && result === 'pass')).toEqual([]);
    }),
  );
});

test('a hostile field takes no time', () => {
  for (const value of [
    '('.repeat(16_000),
    `m; ${'a='.repeat(8_000)}`,
    `m; ${'"\\'.repeat(8_000)}`,
    `m; a${' '.repeat(16_000)}`,
  ]) {
    const startedAt = performance.now();
    readAuthResults(value);
    expect(performance.now() - startedAt).toBeLessThan(500);
  }
});
