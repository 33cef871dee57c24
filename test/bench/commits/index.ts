import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Bench, count, defineBench } from '../bench.ts';
import { measurePlain, measureStore } from './arms.ts';
import { type Measured, toFindings } from './findings.ts';
import { type Work, accept, set } from './work.ts';

/**
 * What group commit gains: durable writes per second of the store with many writers, beside one fsync per write and
 * beside the store with a single writer. The arms take turns, in rounds, so that what disturbs one disturbs all.
 */
export const commitsBench: Bench = defineBench({
  name: 'commits',
  summary: 'durable writes per second with many writers, beside one fsync per write',
  options: z.object({
    writers: count(64, 'writers at the same time, each waiting for its own commit'),
    seconds: count(3, 'for each arm of a round'),
    rounds: count(3, 'for the median'),
  }),
  async run({ writers, seconds, rounds }, say) {
    const root = mkdtempSync(join(tmpdir(), 'tiro-commits-'));
    const clean = (): void => rmSync(root, { recursive: true, force: true });
    process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
    try {
      const measured: Measured[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        for (const work of [accept, set]) {
          say(`round ${round} of ${rounds}: ${work.name}`);
          measured.push(await measureRound(work, { root, writers, seconds }));
        }
      }
      return toFindings(measured);
    } finally {
      process.off('exit', clean);
      clean();
    }
  },
});

async function measureRound(
  work: Work,
  { root, writers, seconds }: { readonly root: string; readonly writers: number; readonly seconds: number },
): Promise<Measured> {
  const load = (many: number): Parameters<typeof measurePlain>[1] => ({
    folder: mkdtempSync(join(root, 'arm-')),
    writers: many,
    seconds,
  });
  const plain = measurePlain(work, load(writers));
  const grouped = await measureStore(work, load(writers));
  const alone = await measureStore(work, load(1));
  return { verb: work.name, plain, grouped, alone };
}
