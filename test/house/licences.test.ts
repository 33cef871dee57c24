import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromPackage, isAllowed, pageWithTable, readLicences, readPage, refusedOf } from './licences.ts';

const licences = readLicences();

test('every package that runs with Tiro has a licence that may go with an MIT project', () => {
  expect(refusedOf(licences)).toEqual([]);
  expect(licences.length).toBeGreaterThan(20);
});

test('GPL and LGPL come with optional packages only, AGPL with none, and the page names each', () => {
  const one = { name: 'x', version: '1', licence: 'GPL-3.0', direct: false, optional: false };
  expect(refusedOf([one, { ...one, licence: 'Apache-2.0 AND LGPL-3.0-or-later' }])).toHaveLength(2);
  expect(refusedOf([{ ...one, optional: true }])).toEqual([]);
  expect(refusedOf([{ ...one, optional: true, licence: 'AGPL-3.0' }])).toHaveLength(1);
  const chosen = licences.filter(({ licence }) => !isAllowed(licence)).map(({ name }) => name);
  expect(chosen).toContain('libsignal');
  const [words = ''] = readPage().split('<!-- table');
  const named = [...words.matchAll(/`([@\w/.-]+?)(\*?)`/g)].map(([, name = '', star]) => ({ name, star }));
  const isNamed = (name: string): boolean =>
    named.some((one) => (one.star === '' ? one.name === name : name.startsWith(one.name)));
  expect(chosen.filter((name) => !isNamed(name))).toEqual([]);
});

test('of an optional package that is installed the lock says what the package says', () => {
  const installed = licences.filter(
    ({ name, optional }) =>
      optional && existsSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url)),
  );
  const differing = installed.filter(({ name, version, licence }) => {
    const stated = fromPackage(`node_modules/${name}`);
    return stated.version === version && stated.licence !== licence;
  });
  expect(differing).toEqual([]);
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
