import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  run(process.execPath, [main, ...args]);

const contract = `startRatio coldStartMs readyMs rssRatio rssMb latencyP50Ratio latencyP99Ratio addedP50Ms
  throughputRatio modelLimitShare promptTokens prefixShare`.split(/\s+/);

test('a small run measures every figure of the contract', { timeout: 120_000 }, async () => {
  const small = ['--users', '4', '--requests', '5', '--rounds', '1', '--starts', '1'];
  const { stdout } = await bench('gateway', ...small, '--json');
  const { bench: name, ...figures } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(name).toBe('gateway');
  for (const field of contract) expect(figures, field).toHaveProperty(field);
  for (const [field, value] of Object.entries(figures)) {
    expect(Number.isFinite(value), `${field} is ${String(value)}`).toBe(true);
  }
});

test('names and options that there are not are said in words', async () => {
  const fails = async (...args: readonly string[]): Promise<{ code: number; stderr: string }> =>
    bench(...args).then(
      () => expect.fail('It did not fail.'),
      (error: { code: number; stderr: string }) => error,
    );
  expect(await fails('gatway')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('no bench named gatway'),
  });
  expect(await fails('gateway', '--usres', '3')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--usres'),
  });
  expect(await fails('gateway', '--users', 'many')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--users must be a whole number'),
  });
});

test('--help tells the options and their defaults', async () => {
  const { stdout } = await bench('gateway', '--help');
  expect(stdout).toMatch(/--users .*default 32/);
  expect((await bench('--help')).stdout).toContain('gateway');
});
