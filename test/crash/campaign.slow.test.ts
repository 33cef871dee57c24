import { expect, test } from 'vitest';
import { runCampaign } from './campaign/index.ts';
import { judge } from './checker/judge.ts';

const seed = 1;

test('messages through a gateway that is killed again and again: nothing lost, nothing done twice', async () => {
  const campaign = await runCampaign({
    messages: 400,
    kills: 20,
    seed,
    channels: ['telegram'],
    timeLimitMs: 150_000,
  });
  const verdict = judge(campaign.history);
  const faults = [...campaign.problems, ...verdict.problems];
  expect(faults, `seed ${seed}`).toEqual([]);
  expect(campaign.integrity).toBe('ok');
  expect(verdict.flagged, `seed ${seed}`).toBeLessThanOrEqual(verdict.openSends);
  // It is a campaign only if there were kills of each kind, and what they are to interrupt.
  expect(verdict.kills).toBe(20);
  expect(Object.keys(campaign.kinds).toSorted()).toEqual([
    'failpoint',
    'random',
    'ready',
    'start',
    'takeover',
  ]);
  expect(campaign.history.filter(({ type }) => type === 'said')).toHaveLength(400);
  for (const type of ['acknowledged', 'effect'] as const) {
    expect(campaign.history.filter((seen) => seen.type === type).length, type).toBeGreaterThan(100);
  }
}, 180_000);
