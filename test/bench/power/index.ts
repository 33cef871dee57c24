import { z } from 'zod';
import { type CampaignOptions, type CampaignResult, runCampaign } from '#test/crash/power/campaign.ts';
import { diskRequirement } from '#test/fakes/disk/index.ts';
import { type Bench, type Findings, count, defineBench } from '../bench.ts';
import { sum } from '../statistics.ts';

/** Cuts of one recording: then the store writes anew, with another seed. */
const cutsOfOne = 250;

/**
 * Power cuts, simulated: the real store writes on a disk that records, and at many instants the files are put together as
 * a power cut could have left them. Beside it the same with a database that is synced less.
 */
export const powerBench: Bench = defineBench({
  name: 'power',
  summary: 'simulated power cuts: what was acknowledged and is missing, beside weaker databases',
  options: z.object({
    cuts: count(1_000, 'power cuts; a fifth of them on a disk whose syncs fail at times'),
    references: count(100, 'power cuts of each weaker database'),
    seed: count(1, 'of the load and of the cuts'),
  }),
  async run({ cuts, references, seed }, say) {
    if (!diskRequirement.present)
      throw new Error(`${diskRequirement.name} is missing: ${diskRequirement.enable}`);
    const load = { lives: 2, bursts: 2, batches: 5, failSyncEvery: 0, synchronous: 'product' } as const;
    const failing = Math.round(cuts / 5);
    const run = (options: Partial<CampaignOptions>): Promise<CampaignResult> =>
      runCampaign({ ...load, seed, cuts: references, ...options }, say);
    const sound = await runAll({ cuts: cuts - failing, seed }, run);
    const failed = await runAll({ cuts: failing, seed: seed + 1_000 }, (part) =>
      run({ ...part, failSyncEvery: 23 }),
    );
    const normal = await run({ synchronous: 'NORMAL' });
    const off = await run({ synchronous: 'OFF' });
    return toFindings({ product: [...sound, ...failed], failed, normal, off });
  },
});

async function runAll(
  { cuts, seed }: { readonly cuts: number; readonly seed: number },
  run: (part: { readonly cuts: number; readonly seed: number }) => Promise<CampaignResult>,
): Promise<readonly CampaignResult[]> {
  const results: CampaignResult[] = [];
  for (let done = 0; done < cuts; done += cutsOfOne) {
    results.push(await run({ cuts: Math.min(cutsOfOne, cuts - done), seed: seed + results.length }));
  }
  return results;
}

interface Measured {
  readonly product: readonly CampaignResult[];
  /** Those of the product whose syncs failed at times. */
  readonly failed: readonly CampaignResult[];
  readonly normal: CampaignResult;
  readonly off: CampaignResult;
}

const faults = ['acknowledgedMissing', 'notOpened', 'integrityFailed', 'halfApplied'] as const;

function toFindings({ product, failed, normal, off }: Measured): Findings {
  const total = (key: (typeof faults)[number] | 'cuts' | 'acknowledged' | 'syncs' | 'writeBacks'): number =>
    sum(product.map((result) => result[key]));
  const faultsOf = (result: CampaignResult): Readonly<Record<string, number>> =>
    Object.fromEntries(['cuts' as const, ...faults].map((key) => [key, result[key]]));
  return {
    figures: {
      cuts: total('cuts'),
      ...Object.fromEntries(faults.map((key) => [key, total(key)])),
      acknowledged: total('acknowledged'),
      syncs: total('syncs'),
      writeBacks: total('writeBacks'),
      failedSyncs: sum(failed.map((result) => result.failedSyncs)),
      problems: product.flatMap(({ problems }) => problems),
      reference: { normal: faultsOf(normal), off: faultsOf(off) },
    },
    rows: faults.map((key) => ({
      what: `${key} in ${total('cuts')} power cuts (reference: synchronous=NORMAL, ${normal.cuts})`,
      ours: String(total(key)),
      reference: String(normal[key]),
      compared: '',
      target: '0',
      met: total(key) === 0,
    })),
  };
}
