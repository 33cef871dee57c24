import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * `npm install` leaves an optional package for another platform out of the lock when the registry does not have it
 * at that moment, and `npm ci` then refuses the whole lock ("Missing: … from lock file"). This names each one that
 * is left out, and writes it in: by version, without integrity, as npm does for what it has not fetched.
 *
 *     node test/house/lock.ts        after every `npm install PACKAGE`; lock.test.ts fails until it has run
 */
const entrySchema = z.looseObject({
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), z.unknown()) });
type Lock = z.infer<typeof lockSchema>;

interface Omission {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos'];

export function parseLock(text: string): Lock {
  const { packages, ...rest } = lockSchema.parse(JSON.parse(text));
  return { ...rest, packages };
}

/** Optional packages that some entry asks for and that no entry provides where Node would look for it. */
export function omissionsOf(lock: Lock): Omission[] {
  return Object.entries(lock.packages).flatMap(([place, raw]) => {
    const { dev = false, optionalDependencies = {} } = entrySchema.parse(raw);
    return Object.entries(optionalDependencies)
      .filter(([name]) => !isProvided(lock, { place, name }))
      .map(([name, version]) => ({ name, version, dev }));
  });
}

function isProvided(lock: Lock, wanted: { readonly place: string; readonly name: string }): boolean {
  const folders = wanted.place.split(/(?=\/node_modules\/)/);
  const places = folders.map((_, index) => `${folders.slice(0, index + 1).join('')}/`);
  return ['', ...places].some((place) => `${place}node_modules/${wanted.name}` in lock.packages);
}

/** What npm must know of a package that it will not install here: for which platforms it is. */
function omissionToEntry({ name, version, dev }: Omission): object {
  const words = name.split(/[/-]/);
  const os = words.includes('win32') ? 'win32' : systems.find((system) => words.includes(system));
  const cpu = words[words.findIndex((word) => word === os) + 1];
  if (os === undefined || cpu === undefined)
    throw new Error(`${name}: no platform in its name; add it by hand`);
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : null;
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(os === 'linux' && libc !== null ? { libc } : {}),
    optional: true,
    os: [os],
  };
}

export function completeLock(lock: Lock): Lock {
  const added = omissionsOf(lock).map((omission): [string, unknown] => [
    `node_modules/${omission.name}`,
    omissionToEntry(omission),
  ]);
  const sorted = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

if (import.meta.main) {
  const file = new URL('../../package-lock.json', import.meta.url);
  const lock = parseLock(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  process.stdout.write(`${omissionsOf(lock).length} optional packages of other platforms added\n`);
}
