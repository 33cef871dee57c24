import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { sum } from '../statistics.ts';

export interface Installed {
  readonly packages: number;
  readonly mb: number;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dev: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
type Packages = z.infer<typeof lockSchema>['packages'];

/** What the product needs to run, and what its floor needs: packages of the lock that are installed, and their size. */
export function measureInstall(): { readonly product: Installed; readonly floor: Installed } {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const needed = Object.keys(packages).filter((place) => place !== '' && packages[place]?.dev !== true);
  const floor = ['hono', '@hono/node-server', 'openai', 'better-sqlite3'];
  return { product: sizeOf(needed), floor: sizeOf(closureOf(packages, floor)) };
}

/** The places of the packages and of everything that they depend on. */
function closureOf(packages: Packages, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (from: string, name: string): void => {
    const place = placeOf(packages, from, name);
    if (place === null || found.has(place)) return;
    found.add(place);
    for (const next of Object.keys(packages[place]?.dependencies ?? {})) add(place, next);
  };
  for (const name of names) add('', name);
  return [...found];
}

/** As Node looks a package up: beside the one that asks, else further up. */
function placeOf(packages: Packages, from: string, name: string): string | null {
  const place = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (packages[place] !== undefined) return place;
  if (from === '') return null;
  return placeOf(packages, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

function sizeOf(places: readonly string[]): Installed {
  const there = places.map((place) => join(root, place)).filter((folder) => existsSync(folder));
  return { packages: there.length, mb: sum(there.map(bytesIn)) / 1024 / 1024 };
}

/** Without the packages inside it: they are counted by themselves. */
function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true });
  return sum(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? 0 : bytesIn(path);
      return entry.isFile() ? statSync(path).size : 0;
    }),
  );
}
