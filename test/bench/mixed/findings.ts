import type { Campaign } from '#test/crash/campaign/index.ts';
import type { Verdict } from '#test/crash/history.ts';
import type { Findings } from '../bench.ts';
import type { Row } from '../table.ts';

const faults = ['lost', 'duplicated', 'reordered', 'effectsTwice', 'modelCallsRepeatedAfterCommit'] as const;

/** What the outside saw. An outage makes doubtful what a kill does not: marked messages are counted, not judged. */
export function toFindings(
  campaign: Campaign,
  verdict: Verdict,
  { channels, seed }: { readonly channels: readonly string[]; readonly seed: number },
): Findings {
  const { problems, ...figures } = verdict;
  const { integrity, seconds, outages, kinds } = campaign;
  const said = Object.fromEntries(channels.map((name) => [name, saidOn(campaign, name)]));
  const faulty = problems.length + campaign.problems.length;
  return {
    figures: { ...figures, integrity, seed, seconds, outages, kinds, said, problems: faulty },
    rows: [
      ...faults.map((name) => row(name, verdict[name], { target: '0', met: verdict[name] === 0 })),
      row('marked as possibly repeated', verdict.flagged),
      row('integrity of the database', integrity, { target: 'ok', met: integrity === 'ok' }),
      row('gateways that did what none may', faulty, { target: '0', met: faulty === 0 }),
      row('kills, outages', `${verdict.kills}, ${outages}`),
      row('minutes', (seconds / 60).toFixed(1)),
      ...Object.entries(said).map(([name, count]) => row(`messages by ${name}`, count)),
    ],
  };
}

function saidOn({ history }: Campaign, channel: string): number {
  return history.filter((seen) => seen.type === 'said' && seen.chat.startsWith(`${channel}:`)).length;
}

function row(
  what: string,
  ours: string | number,
  goal: { readonly target: string; readonly met: boolean | null } = { target: '', met: null },
): Row {
  return { what, ours: String(ours), reference: '', compared: '', ...goal };
}
