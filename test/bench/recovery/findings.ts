import type { Findings } from '../bench.ts';
import { median, medianRatio, percentile, ratio } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { HomeKind } from './homes.ts';
import type { Started, Starts } from './starts.ts';
import type { Work } from './work.ts';

export interface Measured {
  readonly options: Readonly<Record<'events' | 'outbox' | 'done' | 'steps' | 'people', number>>;
  readonly starts: Starts;
  readonly work: Work | null;
  readonly homeMb: number;
}

export function toFindings({ options, starts, work, homeMb }: Measured): Findings {
  const of = (kind: HomeKind, key: keyof Started): readonly number[] => starts[kind].map((one) => one[key]);
  const start = {
    ratio: medianRatio(of('queued', 'readyMs'), of('empty', 'readyMs')),
    readyMs: median(of('queued', 'readyMs')),
    emptyReadyMs: median(of('empty', 'readyMs')),
    readyzMs: median(of('queued', 'readyzMs')),
    emptyReadyzMs: median(of('empty', 'readyzMs')),
    killedRatio: medianRatio(of('queued-killed', 'readyMs'), of('empty-killed', 'readyMs')),
    killedReadyMs: median(of('queued-killed', 'readyMs')),
    emptyKilledReadyMs: median(of('empty-killed', 'readyMs')),
    rssMb: median(of('queued', 'rssMb')),
    emptyRssMb: median(of('empty', 'rssMb')),
  };
  const worked = work === null ? null : workFigures(work);
  return {
    figures: rounded({ ...options, homeMb, ...start, ...worked }),
    rows: [...startRows(start), ...(worked === null ? [] : workRows(worked))],
  };
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- a table of names and figures
function workFigures({ newcomerMs, aloneMs, rssMb, answeredPerSecond }: Work) {
  return {
    newcomerP50Ms: median(newcomerMs),
    newcomerMaxMs: Math.max(...newcomerMs),
    newcomerP95Ms: percentile(newcomerMs, 0.95),
    aloneP50Ms: median(aloneMs),
    aloneMaxMs: Math.max(...aloneMs),
    newcomerRatio: ratio(median(newcomerMs), median(aloneMs)),
    rssWorkedMb: rssMb,
    answeredPerSecond,
  };
}

function rounded(figures: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}

function startRows(f: Readonly<Record<string, number>>): readonly Row[] {
  return [
    compared('ready after a clean stop', ['readyMs', 'emptyReadyMs', 'ratio'], f),
    compared('ready after kill -9', ['killedReadyMs', 'emptyKilledReadyMs', 'killedRatio'], f),
    plain('/readyz says 200', [ms(f['readyzMs']), ms(f['emptyReadyzMs'])]),
    plain('memory when ready', [mb(f['rssMb']), mb(f['emptyRssMb'])]),
  ];
}

function workRows(f: Readonly<Record<string, number>>): readonly Row[] {
  return [
    plain('a newcomer is answered, median', [ms(f['newcomerP50Ms']), ms(f['aloneP50Ms'])]),
    plain('… at the longest', [ms(f['newcomerMaxMs']), ms(f['aloneMaxMs'])]),
    plain('memory after the work', [mb(f['rssWorkedMb']), '']),
    plain('messages answered per second', [(f['answeredPerSecond'] ?? 0).toFixed(0), '']),
  ];
}

const mostRatio = 3;

function compared(
  what: string,
  [ours, reference, share]: readonly [string, string, string],
  f: Readonly<Record<string, number>>,
): Row {
  const value = f[share] ?? Number.NaN;
  return {
    what,
    ours: ms(f[ours]),
    reference: ms(f[reference]),
    compared: value.toFixed(2),
    target: `≤ ${mostRatio}`,
    met: value <= mostRatio,
  };
}

function plain(what: string, [ours, reference]: readonly [string, string]): Row {
  return { what, ours, reference, compared: '', target: '', met: null };
}

function ms(value = Number.NaN): string {
  return `${value.toFixed(0)} ms`;
}

function mb(value = Number.NaN): string {
  return `${value.toFixed(0)} MB`;
}
