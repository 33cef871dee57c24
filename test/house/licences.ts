import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * The licences of everything that is installed to run Tiro, read from the packages themselves.
 *
 *     node test/house/licences.ts        writes the table of docs/licences.md again
 */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Named in package.json, not only brought along by another package. */
  readonly direct: boolean;
}

/** They ask for no more than that their text is kept. `A OR B` passes if one of the two does, `A AND B` if both do. */
export const allowedLicences: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD', // how duck spells BSD-2-Clause
  'BSD-0-Clause', // how htmx.org spells 0BSD
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  'Zlib',
];

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dev: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.union([z.string(), z.object({ type: z.string() })]).default('none stated'),
});

const root = new URL('../../', import.meta.url);
const page = new URL('docs/licences.md', root);
const [tableStart, tableEnd] = ['<!-- table: node test/house/licences.ts -->\n', '<!-- end of table -->'];

/** Sorted by name; a package that is installed twice in one version is listed once. */
export function readLicences(): Licensed[] {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const direct = Object.keys(packages['']?.dependencies ?? {});
  const found = Object.entries(packages)
    .filter(([place, entry]) => place !== '' && entry.dev !== true)
    .map(([place]) => licenceOf(place, direct));
  const once = new Map(found.map((one) => [`${one.name}@${one.version}`, one]));
  return [...once.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function licenceOf(place: string, direct: readonly string[]): Licensed {
  const { name, version, license } = packageSchema.parse(JSON.parse(read(`${place}/package.json`)));
  const licence = typeof license === 'string' ? license : license.type;
  return { name, version, licence, direct: place === `node_modules/${name}` && direct.includes(name) };
}

export function isAllowed(licence: string): boolean {
  return licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((one) => one.split(' AND ').every((part) => allowedLicences.includes(part)));
}

/** The page with its table made anew; equal to the page when it is up to date. */
export function pageWithTable(licences: readonly Licensed[], text = readPage()): string {
  const rows = licences.map(
    ({ name, version, licence, direct }) =>
      `| ${direct ? `**${name}**` : name} | ${version} | ${licence} |\n`,
  );
  const table = `\n| package | version | licence |\n| --- | --- | --- |\n${rows.join('')}\n`;
  const [before = '', rest = ''] = text.split(tableStart);
  return `${before}${tableStart}${table}${tableEnd}${rest.split(tableEnd)[1] ?? ''}`;
}

export function readPage(): string {
  return readFileSync(page, 'utf8');
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

if (import.meta.main) writeFileSync(page, pageWithTable(readLicences()));
