import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { completeLock, omissionsOf, parseLock } from './lock.ts';

const lock = parseLock(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));

test('npm ci accepts the lock: it leaves out no optional package (else: node test/house/lock.ts)', () => {
  expect(omissionsOf(lock)).toEqual([]);
});

test('a package that npm left out is seen and written in with its platform', () => {
  const torn = parseLock(
    JSON.stringify({
      packages: {
        '': {},
        'node_modules/a': {
          dev: true,
          optionalDependencies: { 'a-linux-x64-musl': '1.0.0', 'b-win32-arm64': '2.0.0' },
        },
        'node_modules/a/node_modules/b-win32-arm64': { version: '2.0.0' },
      },
    }),
  );
  expect(completeLock(torn).packages['node_modules/a-linux-x64-musl']).toEqual({
    version: '1.0.0',
    cpu: ['x64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  });
  expect(omissionsOf(completeLock(torn))).toEqual([]);
});
