import type { Findings } from '../bench.ts';
import { median } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { Soaked } from './run.ts';
import type { Sample } from './sample.ts';
import { type Trend, trendOf } from './trend.ts';

/** This share of the time is warm-up: caches fill, code is compiled, the heap finds its size. */
const warmUp = 0.2;
/** Of the samples behind the warm-up, the first and the last so many say what there was then. */
const endShare = 0.1;
/** A slope lies within so many of its errors with a probability of 95 %. */
const sure = 1.96;

/** What was seen as figures and as a table. A figure that this time was too short for is null. */
export function toFindings(soaked: Soaked, samplesFile: string): Findings {
  const figures = toFigures(soaked);
  return { figures: { ...rounded(figures), samples: samplesFile }, rows: toRows(figures) };
}

type Figures = ReturnType<typeof toFigures>;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- a table of names and figures
export function toFigures({ samples, messages, answered, lost, lastedMs }: Soaked) {
  const traffic = samples.filter(({ at }) => at * 1000 <= lastedMs);
  const warm = traffic.filter(({ at }) => at * 1000 >= warmUp * lastedMs);
  const of = (key: keyof Sample, from: readonly Sample[] = samples): readonly number[] =>
    from.flatMap((sample) => sample[key] ?? []);
  const rss = slopeOf(warm, 'rssMb');
  const heap = slopeOf(warm, 'heapFloorMb');
  return {
    minutes: lastedMs / 60_000,
    messages,
    answered,
    lost,
    rssStartMb: of('rssMb')[0] ?? null,
    rssWarmMb: edge(of('rssMb', warm), 'first'),
    rssEndMb: edge(of('rssMb', warm), 'last'),
    rssMaxMb: most(of('rssMb')),
    rssSlopeMbPerHour: rss?.slope ?? null,
    rssSlopeErrorMbPerHour: rss?.error ?? null,
    rssSlopeLowMbPerHour: rss === null ? null : rss.slope - sure * rss.error,
    rssSlopeHighMbPerHour: rss === null ? null : rss.slope + sure * rss.error,
    heapFloorMb: edge(of('heapFloorMb', warm), 'last'),
    heapSlopeMbPerHour: heap?.slope ?? null,
    heapSlopeErrorMbPerHour: heap?.error ?? null,
    fullCollections: of('heapFloorMb').length,
    fdMin: least(of('descriptors', traffic)),
    fdMax: most(of('descriptors', traffic)),
    fdStart: of('descriptors')[0] ?? null,
    fdEnd: of('descriptors').at(-1) ?? null,
    threadsMax: most(of('threads')),
    // Of each interval between samples: the median one, and the worst.
    loopDelayP99Ms: warm.length === 0 ? null : median(of('loopDelayP99Ms', warm)),
    loopDelayP99WorstMs: most(of('loopDelayP99Ms', warm)),
    loopDelayMaxMs: most(of('loopDelayMaxMs', warm)),
    dbMb: of('dbMb').at(-1) ?? null,
    walMaxMb: most(of('walMb')),
    rows: of('rows').at(-1) ?? null,
  };
}

function slopeOf(samples: readonly Sample[], key: 'rssMb' | 'heapFloorMb'): Trend | null {
  return trendOf(
    samples.flatMap((sample) => {
      const value = sample[key];
      return value === null ? [] : [{ at: sample.at / 3600, value }];
    }),
  );
}

function edge(values: readonly number[], which: 'first' | 'last'): number | null {
  const count = Math.max(1, Math.round(values.length * endShare));
  const some = which === 'first' ? values.slice(0, count) : values.slice(-count);
  return some.length === 0 ? null : median(some);
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

function rounded(figures: Figures): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      value === null ? null : Number(value.toPrecision(5)),
    ]),
  );
}

function toRows(f: Figures): readonly Row[] {
  return [
    row('messages, answered, lost', `${f.messages}, ${f.answered}, ${f.lost}`, {
      compared: String(f.lost),
      target: '≤ 0',
      met: f.lost === 0,
    }),
    row('memory at the start, warm, at the end', [f.rssStartMb, f.rssWarmMb, f.rssEndMb].map(mb).join(', ')),
    row(
      'slope of memory, MB an hour',
      `${digits(f.rssSlopeMbPerHour)} ± ${digits(f.rssSlopeErrorMbPerHour)}`,
      {
        compared: digits(f.rssSlopeMbPerHour),
        target: '< 1',
        met: f.rssSlopeMbPerHour === null ? null : f.rssSlopeMbPerHour < 1,
      },
    ),
    row('heap behind a full collection', mb(f.heapFloorMb)),
    row('its slope, MB an hour', `${digits(f.heapSlopeMbPerHour)} ± ${digits(f.heapSlopeErrorMbPerHour)}`),
    row('descriptors, least and most', `${f.fdMin}, ${f.fdMax}`),
    row(
      'event loop delay, p99 of an interval',
      `${digits(f.loopDelayP99Ms)} ms, worst ${digits(f.loopDelayP99WorstMs)} ms`,
      {
        compared: digits(f.loopDelayP99WorstMs),
        target: '< 50',
        met: f.loopDelayP99WorstMs === null ? null : f.loopDelayP99WorstMs < 50,
      },
    ),
    row('event loop delay, most', `${digits(f.loopDelayMaxMs)} ms`),
    row('database, WAL at most', `${mb(f.dbMb)}, ${mb(f.walMaxMb)}`),
    row('rows', String(f.rows)),
  ];
}

type Compared = Pick<Row, 'compared' | 'target' | 'met'>;

function row(what: string, ours: string, compared?: Compared): Row {
  return { what, ours, reference: '', ...(compared ?? { compared: '', target: '', met: null }) };
}

function mb(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} MB`;
}

function digits(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}
