import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { mutants } from './list.ts';
import { tryOut } from './trial.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiro-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scenes = new Map(mutants.map(({ name, scene }) => [JSON.stringify(scene), { name, scene }]));

// Side by side, as many as vitest's `maxConcurrency` lets: each waits most of its time.
describe.concurrent('the checker', { timeout: 120_000 }, () => {
  test.each(mutants)('catches $name in $caughtIn', async (mutant) => {
    const verdict = await tryOut(mutant.scene, { mutant, folder });
    expect(verdict[mutant.caughtIn], verdict.problems.join('\n')).toBeGreaterThan(0);
  });

  test.each([...scenes.values()])(
    'finds nothing in the product itself where $name fails',
    async ({ scene }) => {
      const { problems, flagged, openSends } = await tryOut(scene, { mutant: null, folder });
      expect(problems).toEqual([]);
      expect(flagged).toBeLessThanOrEqual(openSends);
    },
  );
});
