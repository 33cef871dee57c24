import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryProject, type Outcome, type TemporaryProject } from './temporary-project.ts';

const wanted = {
  '': { name: 'tiro' },
  'node_modules/zod': { version: '4.6.7' },
  'node_modules/vitest': { version: '5.1.0', dev: true },
  'node_modules/fsevents': { version: '2.3.3', optional: true },
};
const installed = {
  'node_modules/zod': { version: '4.6.7' },
  'node_modules/vitest': { version: '5.1.0', dev: true },
};
const production = { 'node_modules/zod': { version: '4.6.7' } };

/** A project whose packages are `present`; its npm only writes down what it was asked, and how it ends. */
function projectWith(
  present: object | null,
  options: { npm?: string; ownNode?: boolean; omit?: string } = {},
): TemporaryProject {
  const project = createTemporaryProject();
  project.write('package-lock.json', JSON.stringify({ packages: wanted }));
  if (present !== null)
    project.write('node_modules/.package-lock.json', JSON.stringify({ packages: present }));
  if (options.ownNode === true) writeOwnNode(project);
  const config = `if [ "$1" = config ]; then echo "${options.omit ?? ''}"; exit; fi`;
  project.program('npm', `${config}\necho "$@" >>"${join(project.folder, 'asked')}"\n${options.npm ?? ''}`);
  return project;
}

function writeOwnNode(project: TemporaryProject): void {
  project.write('node_modules/node/package.json', '{ "version": "24.21.0" }');
  project.program('../node_modules/node/bin/node', '');
}

function prepare(project: TemporaryProject, ...args: string[]): Promise<Outcome> {
  return project.run([process.execPath, join(project.folder, 'bin/prepare.mjs'), ...args], { cwd: '/' });
}

function asked(project: TemporaryProject): string[] {
  const file = join(project.folder, 'asked');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const makesOwnNode = `mkdir -p node_modules/node/bin
echo '{ "version": "24.21.0" }' >node_modules/node/package.json
cp "$0" node_modules/node/bin/node`;

test('nothing is installed when nothing is missing; optional packages may be missing', async () => {
  using project = projectWith(installed, { ownNode: true });
  expect(await prepare(project, '--dev')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(await prepare(project)).toMatchObject({ status: 0, stderr: '' });
  expect(asked(project)).toEqual([]);
});

test('a start on a new enough Node needs neither the tools nor a Node of its own', async () => {
  using project = projectWith(production);
  expect(await prepare(project)).toMatchObject({ status: 0, stderr: '' });
  expect(asked(project)).toEqual([]);
});

test('the first start installs what runs, the first test everything and Node', async () => {
  using first = projectWith(null);
  expect(await prepare(first)).toMatchObject({ status: 0, stderr: expect.stringContaining('first start') });
  expect(asked(first)).toEqual(['ci --ignore-scripts --no-audit --no-fund --loglevel=error --omit=dev']);

  using second = projectWith(production, { npm: makesOwnNode });
  expect(await prepare(second, '--dev')).toMatchObject({ status: 0 });
  expect(asked(second)).toEqual([
    'ci --ignore-scripts --no-audit --no-fund --loglevel=error --include=dev --include=optional',
    'rebuild node --no-audit --no-fund --loglevel=error',
  ]);
});

test('who leaves optional packages out gets none for a start, is not asked again, and has them for the tests', async () => {
  const lock = JSON.stringify({
    packages: {
      ...wanted,
      '': { name: 'tiro', optionalDependencies: { baileys: '7.0.0' } },
      'node_modules/baileys': { version: '7.0.0', optional: true },
    },
  });
  using first = projectWith(null, { omit: 'optional' });
  first.write('package-lock.json', lock);
  expect(await prepare(first)).toMatchObject({ status: 0 });
  expect(asked(first)).toEqual([
    'ci --ignore-scripts --no-audit --no-fund --loglevel=error --omit=dev --omit=optional',
  ]);
  using again = projectWith(production);
  again.write('package-lock.json', lock);
  expect(await prepare(again)).toMatchObject({ status: 0, stderr: '' });
  expect(asked(again)).toEqual([]);
  using tests = projectWith(installed, { npm: makesOwnNode, ownNode: true, omit: 'optional' });
  tests.write('package-lock.json', lock);
  expect(await prepare(tests, '--dev')).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('baileys is not the one of'),
  });
  expect(asked(tests)[0]).toContain('--include=dev --include=optional');
});

test('another version than that of the lock is installed anew, and the tools stay', async () => {
  using project = projectWith(
    { ...installed, 'node_modules/zod': { version: '4.0.0' } },
    { npm: makesOwnNode },
  );
  const { status, stderr } = await prepare(project);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('zod is not the one of') });
  expect(asked(project)[0]).toContain('--include=dev');
});

test('a Node that its install script did not bring is brought', async () => {
  using project = projectWith(installed, { npm: makesOwnNode });
  expect(await prepare(project, '--dev')).toMatchObject({ status: 0 });
  expect(asked(project)).toContain('rebuild node --no-audit --no-fund --loglevel=error');
});

test.each([
  ['npm fails', 'exit 1', 'npm ci failed'],
  ['npm is silent about the Node', 'exit 0', 'did not bring Node 24'],
])('when %s it says what to do and exits 69', async (_, npm, message) => {
  using project = projectWith(null, { npm });
  const { status, stderr } = await prepare(project, '--dev');
  expect({ status, stderr }).toEqual({ status: 69, stderr: expect.stringContaining(message) });
  expect(stderr).toContain('run the same command again');
});
