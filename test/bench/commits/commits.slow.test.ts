import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { StorePort } from '#core/store/store.ts';
import { openTestStore } from '#test/store.ts';
import { measurePlain, measureStore } from './arms.ts';
import { toFindings } from './findings.ts';
import { accept, set } from './work.ts';

const writers = 64;
const rounds = 10;

/** Every write of the store tells its listeners once per COMMIT: the notes are its fsyncs. */
function countCommits(store: Pick<StorePort, 'onCommit'>): () => number {
  let commits = 0;
  store.onCommit(() => (commits += 1));
  return () => commits;
}

test.each([accept, set])('many writers at once share their commits: $name', async (work) => {
  const home = await openTestStore();
  onTestFinished(() => home.close());
  const commits = countCommits(home.store);
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < rounds; n += 1) await work.run(home.store, writer);
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  // Each writer waits for its own write, so there are at least as many commits as rounds; alone there would be 640.
  expect(commits()).toBeGreaterThanOrEqual(rounds);
  expect((writers * rounds) / commits()).toBeGreaterThanOrEqual(5);
  if (work === accept) {
    expect(await home.store.events.countByStatus()).toMatchObject({ queued: writers * rounds });
  }
});

test('one writer that waits for each write shares with nobody', async () => {
  const home = await openTestStore();
  onTestFinished(() => home.close());
  const commits = countCommits(home.store);
  for (let n = 0; n < rounds; n += 1) await accept.run(home.store, 0);
  expect(commits()).toBe(rounds);
});

test('the bench measures every arm and leaves nothing open', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tiro-commits-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const load = (many: number): Parameters<typeof measurePlain>[1] => ({
    folder: mkdtempSync(join(root, 'arm-')),
    writers: many,
    seconds: 0.1,
  });
  const measured = await Promise.all(
    [accept, set].map(async (work) => ({
      verb: work.name,
      plain: measurePlain(work, load(8)),
      grouped: await measureStore(work, load(8)),
      alone: await measureStore(work, load(1)),
    })),
  );
  const { figures, rows } = toFindings(measured);
  expect(figures).toMatchObject({
    ratio: expect.any(Number),
    accept: { writesPerFsync: expect.any(Number) },
  });
  expect(rows.map(({ what }) => what)).toContain('events.accept, writes per second');
  expect(existsSync(root)).toBe(true);
});
