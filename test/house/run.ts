import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsSchema, countsVariable, type Counts } from './reporter.ts';

/**
 * Runs every check and then the tests: `run.ts all`, or `run.ts fast` for the quick half of the tests. All stages
 * run even when one fails. The last line says `N passed, N failed, N skipped`, whatever happens; a stage counts as one.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;

interface Stage {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Stage[] = [
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'types', command: ['tsc'] },
  { name: 'unused', command: ['knip'] },
];

const ok: Counts = { passed: 1, failed: 0, skipped: 0 };
const notOk: Counts = { passed: 0, failed: 1, skipped: 0 };

function runCheck({ name, command }: Stage): Counts {
  say(`\n— ${name}: ${command.join(' ')}`);
  return run(command, {}) ? ok : notOk;
}

function runTests(projects: readonly string[]): Counts {
  say(`\n— tests: ${projects.join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'tiro-test-'));
  const file = join(folder, 'counts.json');
  try {
    const reporters = ['default', './test/house/reporter.ts'].flatMap((name) => ['--reporter', name]);
    const selected = projects.flatMap((name) => ['--project', name]);
    const isGreen = run(['vitest', 'run', ...selected, ...reporters], { [countsVariable]: file });
    if (!existsSync(file)) return notOk;
    const counts = countsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    // vitest can fail beyond its tests: a worker that died, a time-out at the end.
    return isGreen || counts.failed > 0 ? counts : add(counts, notOk);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(
  [program, ...args]: readonly [string, ...string[]],
  extra: Readonly<Record<string, string>>,
): boolean {
  const env = { ...process.env, ...extra, PATH: path };
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) say(`${program}: ${error.message}`);
  return status === 0;
}

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const projects = process.argv[2] === 'fast' ? ['fast'] : ['fast', 'slow'];
const results = [...checks.map(runCheck), runTests(projects)];
const total = results.reduce(add);
const failedChecks = checks.filter((_, index) => results[index] === notOk).map(({ name }) => name);
say(failedChecks.length === 0 ? '' : `\nfailed checks: ${failedChecks.join(', ')}`);
process.exitCode = total.failed === 0 ? 0 : 1;
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
