import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * The licences of everything that is installed to run Tiro, read from the packages themselves; of optional ones, which may be
 * for another platform or left out, from package-lock.json.
 *
 *     node test/house/licences.ts        writes the table of docs/licences.md again
 */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Named in package.json, not only brought along by another package. */
  readonly direct: boolean;
  /** Left out by `npm ci --omit=optional`. */
  readonly optional: boolean;
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
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
];

/**
 * They ask more of whoever passes the program on, so they may come with optional packages only; the page says which and what
 * follows. Others (AGPL) may not come at all.
 */
export const licencesOfChoice: readonly string[] = ['GPL-3.0', 'LGPL-3.0-or-later'];

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().default('none stated'),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      /** Needed by a tool for developing and by an optional package. */
      devOptional: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
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

type Entry = z.infer<typeof lockSchema>['packages'][string];

/** Sorted by name; a package that is installed twice in one version is listed once. */
export function readLicences(): Licensed[] {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const top = packages[''];
  const direct = Object.keys({ ...top?.dependencies, ...top?.optionalDependencies });
  const found = Object.entries(packages)
    .filter(([place, entry]) => place !== '' && entry.dev !== true)
    .map(([place, entry]) => licenceOf(place, entry, direct));
  // Once needed is needed, wherever else it is optional.
  found.sort((a, b) => Number(b.optional) - Number(a.optional));
  const once = new Map(found.map((one) => [`${one.name}@${one.version}`, one]));
  return [...once.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function licenceOf(place: string, entry: Entry, direct: readonly string[]): Licensed {
  const optional = entry.optional === true || entry.devOptional === true;
  const { name, version, licence } = optional ? fromLock(place, entry) : fromPackage(place);
  return {
    name,
    version,
    licence,
    direct: place === `node_modules/${name}` && direct.includes(name),
    optional,
  };
}

type Stated = Pick<Licensed, 'name' | 'version' | 'licence'>;

function fromLock(place: string, { version = '', license }: Entry): Stated {
  return {
    name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
    licence: license,
  };
}

/** What the installed package says. Throws where it is not installed. */
export function fromPackage(place: string): Stated {
  const { name, version, license } = packageSchema.parse(JSON.parse(read(`${place}/package.json`)));
  return { name, version, licence: typeof license === 'string' ? license : license.type };
}

export function isAllowed(licence: string, more: readonly string[] = []): boolean {
  const known = new Set([...allowedLicences, ...more]);
  return licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((one) => one.split(' AND ').every((part) => known.has(part)));
}

/** Those that may not be here under their licence: a needed one must ask for nothing, an optional one may leave a choice. */
export function refusedOf(licences: readonly Licensed[]): readonly Licensed[] {
  return licences.filter(({ licence, optional }) => !isAllowed(licence, optional ? licencesOfChoice : []));
}

/** The page with its table made anew; equal to the page when it is up to date. */
export function pageWithTable(licences: readonly Licensed[], text = readPage()): string {
  const rows = licences.map(
    ({ name, version, licence, direct, optional }) =>
      `| ${direct ? `**${name}**` : name} | ${version} | ${licence} | ${optional ? 'optional' : ''} |\n`,
  );
  const table = `\n| package | version | licence | |\n| --- | --- | --- | --- |\n${rows.join('')}\n`;
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
