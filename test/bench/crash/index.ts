import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Campaign, channelNames, runCampaign } from '#test/crash/campaign/index.ts';
import { judge } from '#test/crash/checker/judge.ts';
import type { Verdict } from '#test/crash/history.ts';
import { type Bench, type Findings, count, defineBench, oneOf } from '../bench.ts';
import type { Row } from '../table.ts';

/** Kills a gateway again and again while messages flow, and lets a checker judge what the outside saw of it. */
export const crashBench: Bench = defineBench({
  name: 'crash',
  summary:
    'messages through a gateway that is killed again and again: lost, doubled, out of order, paid twice',
  options: z.object({
    messages: count(500, 'messages in all'),
    kills: count(20, 'kills and takeovers, spread over them', 0),
    seed: count(1, 'of the chances: when, where, who says what', 0),
    channel: oneOf(channelNames, 'the platform beside the API'),
  }),
  async run({ messages, kills, seed, channel }, say) {
    const campaign = await runCampaign({ messages, kills, seed, channels: [channel], say });
    const verdict = judge(campaign.history);
    const problems = [...campaign.problems, ...verdict.problems];
    for (const problem of problems) say(problem);
    if (problems.length > 0) say(`what the outside saw: ${keep(campaign, seed)}`);
    return toFindings(campaign, verdict, seed);
  },
});

/** Evidence of a fault is worth a file that stays; a line for each sighting. */
function keep({ history }: Campaign, seed: number): string {
  const file = join(tmpdir(), `tiro-crash-history-${seed}-${process.pid}.jsonl`);
  writeFileSync(file, history.map((sighting) => `${JSON.stringify(sighting)}\n`).join(''));
  return file;
}

function toFindings(campaign: Campaign, verdict: Verdict, seed: number): Findings {
  const { problems, ...figures } = verdict;
  return {
    figures: {
      ...figures,
      integrity: campaign.integrity,
      seed,
      seconds: Number(campaign.seconds.toFixed(1)),
      problems: problems.length + campaign.problems.length,
      kinds: campaign.kinds,
      failpoints: campaign.points,
    },
    rows: toRows(campaign, verdict),
  };
}

function toRows({ integrity, kinds, points, problems }: Campaign, verdict: Verdict): readonly Row[] {
  const faults = [
    'lost',
    'duplicated',
    'reordered',
    'effectsTwice',
    'modelCallsRepeatedAfterCommit',
  ] as const;
  const reached = Object.values(points).filter((kills) => kills > 0).length;
  const { flagged, openSends } = verdict;
  return [
    ...faults.map((name) => row(name, verdict[name], { target: '0', met: verdict[name] === 0 })),
    row('flagged (marked as possibly repeated)', flagged, {
      target: `at most ${openSends} open sends`,
      met: flagged <= openSends,
    }),
    row('integrity of the database', integrity, { target: 'ok', met: integrity === 'ok' }),
    row('gateways that did what none may', problems.length, { target: '0', met: problems.length === 0 }),
    row('kills', verdict.kills),
    ...Object.entries(kinds).map(([kind, times]) => row(`  ${kind}`, times)),
    row('failpoints with a kill', `${reached} of ${Object.keys(points).length}`),
  ];
}

function row(
  what: string,
  ours: string | number,
  goal: { readonly target: string; readonly met: boolean | null } = { target: '', met: null },
): Row {
  return { what, ours: String(ours), reference: '', compared: '', ...goal };
}
