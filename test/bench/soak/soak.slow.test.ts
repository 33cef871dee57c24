import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '#test/until.ts';
import { median } from '../statistics.ts';
import { toFigures } from './findings.ts';
import { soak } from './run.ts';

const main = join(import.meta.dirname, '../main.ts');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tiro-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test(
  'a short soak takes samples, everything is answered, descriptors stay',
  { timeout: 120_000 },
  async () => {
    const samplesFile = join(folder(), 'samples.jsonl');
    const options = { durationMs: 4_000, perSecond: 10, chats: 8, seed: 7 };
    const cadence = {
      sampleEveryMs: 250,
      faultEveryMs: 1_000,
      stayMs: 200,
      compileFirst: false,
      samplesFile,
    };
    const soaked = await soak({ ...options, ...cadence }, () => undefined, new AbortController().signal);
    const figures = toFigures(soaked);
    expect(soaked.open).toEqual([]);
    expect(soaked).toMatchObject({ lost: 0, answered: soaked.messages });
    expect(soaked.messages).toBeGreaterThan(20);
    expect(soaked.samples.length).toBeGreaterThan(8);
    const last = soaked.samples.at(-1);
    for (const value of [last?.rssMb, last?.heapUsedMb, last?.storeHeapMb, last?.dbMb, last?.rows]) {
      expect(value).toBeGreaterThan(0);
    }
    for (const value of [figures.rssSlopeMbPerHour, figures.loopDelayMaxMs, figures.walMaxMb]) {
      expect(value).not.toBeNull();
    }
    const descriptors = soaked.samples.slice(2).map((sample) => sample.descriptors);
    const half = Math.floor(descriptors.length / 2);
    // A busy machine has more messages under way at once; what each one leaves behind would be half of them.
    const more = median(descriptors.slice(half)) - median(descriptors.slice(0, half));
    expect(more).toBeLessThanOrEqual(soaked.messages / 3);
    expect(readFileSync(samplesFile, 'utf8').trim().split('\n')).toHaveLength(soaked.samples.length);
  },
);

test(
  'interrupted, it prints what it has so far and leaves nothing behind',
  { timeout: 120_000 },
  async () => {
    const home = folder();
    const out = join(home, 'samples.jsonl');
    const args = ['soak', '--minutes', '30', '--sample', '1', '--out', out, '--json'];
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, TMPDIR: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const seen = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (seen.err += data.toString()));
    await until('there are answers', () => /[1-9]\d* of \d+ answered/.test(seen.err), 90_000);
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    const figures: unknown = JSON.parse(seen.out.trim().split('\n').at(-1) ?? '');
    expect(figures).toMatchObject({ bench: 'soak', lost: 0, samples: out });
    expect(readdirSync(home).filter((name) => name.startsWith('tiro-soak'))).toEqual([]);
  },
);
