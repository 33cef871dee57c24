import type { Findings } from '../bench.ts';
import { median, medianRatio, ratio } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { measureInstall } from './install.ts';
import type { Limit } from './limit.ts';
import type { Prompt } from './prompt.ts';
import type { Round, Side } from './rounds.ts';
import type { Starts } from './starts.ts';

export interface Measured {
  readonly starts: Starts;
  readonly rounds: readonly Round[];
  readonly limit: Limit;
  readonly prompt: Prompt;
  readonly install: ReturnType<typeof measureInstall>;
}

/** What was measured as the figures of the contract, each beside its reference, and as a table. */
export function toFindings(measured: Measured): Findings {
  const figures = toFigures(measured);
  return { figures: rounded(figures), rows: toRows(figures) };
}

type Figures = ReturnType<typeof toFigures>;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- a table of names and figures
function toFigures(measured: Measured) {
  const { starts, rounds, limit, prompt, install } = measured;
  const ours = (key: keyof Side): readonly number[] => rounds.map(({ product }) => product[key]);
  const floor = (key: keyof Side): readonly number[] => rounds.map((round) => round.floor[key]);
  const ratioOf = (key: keyof Side): number => medianRatio(ours(key), floor(key));
  return {
    startRatio: ratio(median(starts.productMs), median(starts.floorMs)),
    readyMs: median(starts.productMs),
    floorReadyMs: median(starts.floorMs),
    coldStartMs: starts.coldMs.product,
    floorColdStartMs: starts.coldMs.floor,
    rssRatio: ratioOf('idleMb'),
    rssMb: median(ours('idleMb')),
    floorRssMb: median(floor('idleMb')),
    rssAfterLoadRatio: ratioOf('loadedMb'),
    rssAfterLoadMb: median(ours('loadedMb')),
    floorRssAfterLoadMb: median(floor('loadedMb')),
    firstTurnMs: median(ours('firstTurnMs')),
    floorFirstTurnMs: median(floor('firstTurnMs')),
    latencyP50Ratio: ratioOf('addedP50Ms'),
    addedP50Ms: median(ours('addedP50Ms')),
    floorAddedP50Ms: median(floor('addedP50Ms')),
    latencyP99Ratio: ratioOf('addedP99Ms'),
    addedP99Ms: median(ours('addedP99Ms')),
    floorAddedP99Ms: median(floor('addedP99Ms')),
    throughputRatio: ratioOf('turnsPerSecond'),
    turnsPerSecond: median(ours('turnsPerSecond')),
    floorTurnsPerSecond: median(floor('turnsPerSecond')),
    eventLoopP99Ms: median(rounds.map((round) => round.eventLoopP99Ms)),
    modelLimitShare: limit.productShare,
    directLimitShare: limit.directShare,
    modelRefused: limit.refused,
    promptTokens: Math.ceil(prompt.fixedTokens),
    prefixShare: prompt.prefixShare,
    prefixShareMin: prompt.prefixShareMin,
    cachedShare: prompt.cachedShare,
    acrossShare: prompt.acrossShare,
    installMb: install.product.mb,
    floorInstallMb: install.floor.mb,
    packages: install.product.packages,
    floorPackages: install.floor.packages,
  };
}

function rounded(figures: Figures): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}

function toRows(f: Figures): readonly Row[] {
  return [
    row('start, warm', [ms(f.readyMs), ms(f.floorReadyMs)], atMost(f.startRatio, 3)),
    row('start, nothing compiled', [ms(f.coldStartMs), ms(f.floorColdStartMs)]),
    row('memory of the process tree, idle', [mb(f.rssMb), mb(f.floorRssMb)], atMost(f.rssRatio, 2)),
    row(
      'memory after the load',
      [mb(f.rssAfterLoadMb), mb(f.floorRssAfterLoadMb)],
      plain(f.rssAfterLoadRatio),
    ),
    row('first turn', [ms(f.firstTurnMs), ms(f.floorFirstTurnMs)]),
    row('added time, p50', [ms(f.addedP50Ms), ms(f.floorAddedP50Ms)], atMost(f.latencyP50Ratio, 3)),
    row('added time, p99', [ms(f.addedP99Ms), ms(f.floorAddedP99Ms)], plain(f.latencyP99Ratio)),
    row(
      'turns per second',
      [f.turnsPerSecond.toFixed(1), f.floorTurnsPerSecond.toFixed(1)],
      atLeast(f.throughputRatio, 0.6),
    ),
    row('event loop delay, p99', [ms(f.eventLoopP99Ms), '']),
    row(
      'share of the model’s limit (floor: asked directly)',
      [share(f.modelLimitShare), share(f.directLimitShare)],
      atLeast(f.modelLimitShare, 0.9),
    ),
    row('calls refused with 429', [String(f.modelRefused), ''], atMost(f.modelRefused, 0)),
    row('fixed prompt, tokens', [String(f.promptTokens), ''], atMost(f.promptTokens, 4_000)),
    row('prefix kept from turn to turn, median', [share(f.prefixShare), ''], atLeast(f.prefixShare, 0.95)),
    row('… in the worst turn', [share(f.prefixShareMin), '']),
    row('prompt tokens from the cache', [share(f.cachedShare), '']),
    row('fixed prompt shared between people', [share(f.acrossShare), '']),
    row('packages', [String(f.packages), String(f.floorPackages)]),
    row('packages, size', [mb(f.installMb), mb(f.floorInstallMb)]),
  ];
}

type Compared = Pick<Row, 'compared' | 'target' | 'met'>;

function row(what: string, [ours, reference]: readonly [string, string], compared?: Compared): Row {
  return { what, ours, reference, ...(compared ?? { compared: '', target: '', met: null }) };
}

function atMost(value: number, most: number): Compared {
  return { compared: short(value), target: `≤ ${most}`, met: value <= most };
}

function atLeast(value: number, least: number): Compared {
  return { compared: short(value), target: `≥ ${least}`, met: value >= least };
}

function plain(value: number): Compared {
  return { compared: short(value), target: '', met: null };
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function mb(value: number): string {
  return `${value.toFixed(0)} MB`;
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
