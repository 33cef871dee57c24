import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { countsVariable } from './reporter.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** What the reporter counts and says of one file with the given tests. */
function report(text: string): { counts: unknown; output: string; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-reporter-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
    writeFileSync(
      join(folder, 'one.test.ts'),
      `import { beforeAll, describe, test } from 'vitest';\n${text}`,
    );
    const counts = join(folder, 'counts.json');
    const reporter = join(root, 'test/house/reporter.ts');
    const { stdout, status } = spawnSync(
      process.execPath,
      [vitest, 'run', '--root', folder, '--reporter', reporter],
      { encoding: 'utf8', env: { ...process.env, [countsVariable]: counts } },
    );
    return { counts: JSON.parse(readFileSync(counts, 'utf8')), output: stdout, status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a skipped test is listed with its reason', () => {
  const { counts, output, status } = report(`
    test('a', () => {});
    describe('page', () => { test('b', ({ skip }) => { skip(true, 'Chromium is missing'); }); });
  `);
  expect(counts).toEqual({ passed: 1, failed: 0, skipped: 1 });
  expect(output).toContain('skipped: page > b: Chromium is missing\n');
  expect(status).toBe(0);
});

test('a skip without a reason counts as failed', () => {
  const { counts, output } = report(`test.skip('a', () => {});`);
  expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(output).toContain('skipped: a: no reason given, which counts as failed');
});

test('a broken file, a broken hook and an error outside any test each count as failed', () => {
  expect(report(`throw new Error('on load');`)).toMatchObject({ counts: { failed: 1 }, status: 1 });
  expect(report(`beforeAll(() => { throw new Error('hook'); }); test('a', () => {});`)).toMatchObject({
    counts: { passed: 0, failed: 1, skipped: 1 },
  });
  expect(report(`test('a', () => { void Promise.reject(new Error('late')); });`)).toMatchObject({
    counts: { failed: 1 },
    status: 1,
  });
});
