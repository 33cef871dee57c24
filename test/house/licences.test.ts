import { expect, test } from 'vitest';
import { isAllowed, pageWithTable, readLicences, readPage } from './licences.ts';

const licences = readLicences();

test('every package that runs with Tiro has a licence that may go with an MIT project', () => {
  expect(licences.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
  expect(licences.length).toBeGreaterThan(20);
});

test('docs/licences.md lists what is installed (else: node test/house/licences.ts)', () => {
  expect(withoutPadding(readPage())).toBe(withoutPadding(pageWithTable(licences)));
});

/** The formatter aligns the columns. */
function withoutPadding(text: string): string {
  return text.replaceAll(/ +|-{2,}/g, ' ').replaceAll(/ +/g, ' ');
}

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['MIT AND GPL-3.0', false],
  ['GPL-3.0', false],
  ['none stated', false],
])('%s: %s', (licence, allowed) => {
  expect(isAllowed(licence)).toBe(allowed);
});
