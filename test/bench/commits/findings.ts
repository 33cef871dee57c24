import type { Findings } from '../bench.ts';
import { median, medianRatio } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { Rate } from './arms.ts';
import type { Work } from './work.ts';

/** One verb in one round. */
export interface Measured {
  readonly verb: Work['name'];
  readonly plain: Rate;
  readonly grouped: Rate;
  readonly alone: Rate;
}

const wantedRatio = 5;

/** `ratio` is that of `events.accept`, the verb behind every acknowledgement. */
export function toFindings(measured: readonly Measured[]): Findings {
  const [accept, set] = [figuresOf(measured, 'accept'), figuresOf(measured, 'set')];
  const figures = { ratio: accept.ratio, accept: rounded(accept), set: rounded(set) };
  return {
    figures: { ...figures, ratio: Number(accept.ratio.toPrecision(4)) },
    rows: [...rowsOf('events.accept', accept), ...rowsOf('state.set', set)],
  };
}

interface Figures {
  readonly ratio: number;
  /** Of the worst round. */
  readonly ratioMin: number;
  readonly perSecond: number;
  readonly plainPerSecond: number;
  readonly alonePerSecond: number;
  readonly writesPerFsync: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly plainP50Ms: number;
}

function figuresOf(measured: readonly Measured[], verb: Measured['verb']): Figures {
  const rounds = measured.filter((one) => one.verb === verb);
  const all = (arm: 'plain' | 'grouped' | 'alone', key: keyof Rate): readonly number[] =>
    rounds.map((round) => round[arm][key]);
  const [grouped, plain] = [all('grouped', 'perSecond'), all('plain', 'perSecond')];
  return {
    ratio: medianRatio(grouped, plain),
    ratioMin: Math.min(...grouped.map((rate, round) => rate / (plain[round] ?? Number.NaN))),
    perSecond: median(grouped),
    plainPerSecond: median(plain),
    alonePerSecond: median(all('alone', 'perSecond')),
    writesPerFsync: median(grouped) / median(all('grouped', 'groupsPerSecond')),
    p50Ms: median(all('grouped', 'p50Ms')),
    p99Ms: median(all('grouped', 'p99Ms')),
    plainP50Ms: median(all('plain', 'p50Ms')),
  };
}

function rounded(figures: Figures): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}

function rowsOf(verb: string, f: Figures): readonly Row[] {
  return [
    {
      what: `${verb}, writes per second`,
      ours: f.perSecond.toFixed(0),
      reference: f.plainPerSecond.toFixed(0),
      compared: `${f.ratio.toFixed(2)}×`,
      target: `≥ ${wantedRatio}×`,
      met: f.ratio >= wantedRatio,
    },
    plain(`${verb}, one writer alone`, f.alonePerSecond.toFixed(0), f.plainPerSecond.toFixed(0)),
    plain(`${verb}, writes that share an fsync`, f.writesPerFsync.toFixed(1), '1'),
    plain(`${verb}, time of a write, p50`, `${f.p50Ms.toFixed(2)} ms`, `${f.plainP50Ms.toFixed(2)} ms`),
    plain(`${verb}, time of a write, p99`, `${f.p99Ms.toFixed(2)} ms`, ''),
  ];
}

function plain(what: string, ours: string, reference: string): Row {
  return { what, ours, reference, compared: '', target: '', met: null };
}
