import { beforeEach, expect, test } from 'vitest';
import { diskRequirement } from '#test/fakes/disk/index.ts';
import { needs } from '#test/house/requirement.ts';
import { type CampaignOptions, runCampaign } from './campaign.ts';

const compiler = needs(diskRequirement);
beforeEach(({ skip }) => skip(compiler.skip, compiler.reason));

const seed = Number(process.env['POWER_SEED'] ?? 1);
const small: CampaignOptions = {
  seed,
  cuts: 50,
  synchronous: 'product',
  failSyncEvery: 0,
  lives: 2,
  bursts: 2,
  batches: 4,
};
const clean = { acknowledgedMissing: 0, notOpened: 0, integrityFailed: 0, halfApplied: 0, problems: [] };

test(`the power is cut at 50 instants: all that was acknowledged is there (seed ${seed})`, async () => {
  const result = await runCampaign(small);
  expect(result).toMatchObject({ cuts: 50, ...clean });
  expect(result.acknowledged).toBeGreaterThan(500);
  // Each burst was written back, so the WAL was begun anew more than once.
  expect(result.writeBacks).toBeGreaterThanOrEqual(3);
}, 120_000);

test(`the same with syncs that fail: what comes after them does not build on what they lost (seed ${seed})`, async () => {
  const result = await runCampaign({ ...small, cuts: 10, failSyncEvery: 23, lives: 2, bursts: 1 });
  expect(result).toMatchObject({ cuts: 10, ...clean });
  expect(result.failedSyncs).toBeGreaterThan(3);
}, 120_000);

test(`a database that is only synced now and then is found out (seed ${seed})`, async () => {
  const result = await runCampaign({ ...small, cuts: 10, bursts: 1, batches: 2, synchronous: 'NORMAL' });
  expect(result.acknowledgedMissing).toBeGreaterThan(0);
}, 120_000);
