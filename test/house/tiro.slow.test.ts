import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryProject, type TemporaryProject } from './temporary-project.ts';

/** Says what it was started with; waits for SIGTERM if its first argument says so. */
const main = `
import { getCompileCacheDir } from 'node:module';
const [first, ...rest]: string[] = process.argv.slice(2);
if (first === 'wait') {
  const timer = setInterval(() => {}, 1000);
  process.on('SIGTERM', () => { process.stdout.write('drained'); clearInterval(timer); });
}
const said = { pid: process.pid, args: [first, ...rest], cwd: process.cwd(), cache: getCompileCacheDir(), umask: process.umask() };
process.stdout.write(JSON.stringify(said) + '\\n');
if (first === 'exit') process.exit(Number(rest[0]));
`;

function projectWithMain({ ownNode = true } = {}): TemporaryProject {
  const project = createTemporaryProject();
  project.write('bin/tiro.ts', main);
  project.write('node_modules/.package-lock.json', '{ "packages": {} }');
  mkdirSync(join(project.folder, 'node_modules/node/bin'), { recursive: true });
  if (ownNode) symlinkSync(process.execPath, join(project.folder, 'node_modules/node/bin/node'));
  return project;
}

function said(stdout: string): Record<string, unknown> {
  const first: unknown = JSON.parse(stdout.split('\n', 1)[0] ?? '');
  if (typeof first !== 'object' || first === null) throw new Error(`said: ${stdout}`);
  return { ...first };
}

test('it runs from any folder, through links, and hands every argument on as it is', async () => {
  using project = projectWithMain();
  symlinkSync('../bin/tiro', join(project.folder, 'path/second'));
  symlinkSync(join(project.folder, 'path/second'), join(project.folder, 'path/first'));
  const args = ['start', 'two words', '', '$HOME', "it's"] as const;
  const { stdout, status } = await project.run(['first', ...args], { cwd: '/' });
  expect(status).toBe(0);
  expect(said(stdout)).toMatchObject({ args, cwd: '/' });
});

test('what it writes is for this user only, wherever the home lies', async () => {
  using project = projectWithMain();
  const { stdout } = await project.run(['bin/tiro', 'status']);
  expect(said(stdout)).toMatchObject({ umask: 0o077 });
});

test('it becomes Node: same process, its signals, its exit code', async () => {
  using project = projectWithMain();
  const { stdout, pid, status } = await project.run(['bin/tiro', 'wait'], {
    onOutput: (text, kill) => {
      if (text.endsWith('\n')) kill('SIGTERM');
    },
  });
  expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/\ndrained$/), status: 0 });
  expect(said(stdout)).toMatchObject({ pid });
  expect(await project.run(['bin/tiro', 'exit', '78'])).toMatchObject({ status: 78 });
});

test('without its own Node it takes that of the PATH if it is new enough', async () => {
  using project = projectWithMain({ ownNode: false });
  symlinkSync(process.execPath, join(project.folder, 'path/node'));
  const { stdout, stderr } = await project.run(['bin/tiro', 'status']);
  expect(said(stdout)).toMatchObject({ args: ['status'] });
  expect(stderr).toBe('');
});

test('with only an old Node it has the missing one installed first', async () => {
  using project = projectWithMain({ ownNode: false });
  const install = `ln -s ${process.execPath} ${project.folder}/node_modules/node/bin/node`;
  project.program(
    'node',
    `case $1 in --version) echo v20.20.2 ;; */prepare.mjs) ${install} ;; *) exit 99 ;; esac`,
  );
  const { stdout } = await project.run(['bin/tiro', 'status']);
  expect(said(stdout)).toMatchObject({ args: ['status'] });
});

test('without any Node it says what to install', async () => {
  using project = projectWithMain({ ownNode: false });
  const { status, stderr } = await project.run(['/bin/sh', 'bin/tiro', 'status'], {
    env: { PATH: '/nowhere' },
  });
  expect({ status, stderr }).toEqual({
    status: 69,
    stderr: expect.stringContaining('Install Node.js 20 or newer'),
  });
});

test('compiled code is kept beside the packages, or else in a folder that only this user can write', async () => {
  using project = projectWithMain();
  const first = await project.run(['bin/tiro', 'status']);
  expect(said(first.stdout)['cache']).toMatch(join(project.folder, 'node_modules/.cache/tiro/'));

  using other = projectWithMain();
  other.write('node_modules/.cache', 'a file where the folder should be');
  const elsewhere = join(other.folder, `tiro-${process.getuid?.()}`);
  const second = await other.run(['bin/tiro', 'status']);
  expect(said(second.stdout)['cache']).toMatch(`${elsewhere}/`);
  expect(statSync(elsewhere).mode & 0o777).toBe(0o700);
});

test('a folder for compiled code that somebody else has laid out is not used', async () => {
  using project = projectWithMain();
  project.write('node_modules/.cache', 'a file where the folder should be');
  mkdirSync(join(project.folder, 'trap'));
  symlinkSync(join(project.folder, 'trap'), join(project.folder, `tiro-${process.getuid?.()}`));
  const { stdout } = await project.run(['bin/tiro', 'status']);
  expect(said(stdout)['cache']).toBeUndefined();
  expect(existsSync(join(project.folder, 'trap/v8'))).toBe(false);
});
