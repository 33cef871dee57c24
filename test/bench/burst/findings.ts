import type { Findings } from '../bench.ts';
import { percentile, ratio } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { Delay } from './gauges.ts';
import type { Measured } from './run.ts';
import type { Exchange } from './talk.ts';

const wanted = { rssMaxMb: 300, p95Ratio: 2, loopP99Ms: 50, ackP99Ms: 200 } as const;

export function toFindings(measured: Measured): Findings {
  const figures = toFigures(measured);
  return { figures: rounded(figures), rows: toRows(figures) };
}

type Figures = ReturnType<typeof toFigures>;

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- a table of names and figures
function toFigures({ options, alone, burst, handedMs, posts, audit, delay, ...memory }: Measured) {
  const [before, beside] = [answerMs(alone.exchanges), answerMs(since(burst.exchanges, burst.span.fromAt))];
  const storing = answerMs(burst.exchanges.filter(({ saidAt }) => saidAt < burst.storedAt));
  const after = answerMs(since(burst.exchanges, burst.storedAt));
  const storedMs = burst.storedAt - burst.span.fromAt;
  return {
    events: options.events,
    chats: options.chats,
    rssMaxMb: memory.rssMaxMb,
    rssAloneMb: memory.rssAloneMb,
    p50AloneMs: percentile(before, 0.5),
    p95AloneMs: percentile(before, 0.95),
    p99AloneMs: percentile(before, 0.99),
    p50BurstMs: percentile(beside, 0.5),
    p95BurstMs: percentile(beside, 0.95),
    p99BurstMs: percentile(beside, 0.99),
    /** Said while the platform still had a part of the burst in front of it, and said later. */
    p95StoringMs: percentile(storing, 0.95),
    p95AfterMs: percentile(after, 0.95),
    p95Ratio: ratio(percentile(beside, 0.95), percentile(before, 0.95)),
    /** Without the wait in the platform's own line, where the burst stands in front of what is said behind it. */
    p95HandedAloneMs: percentile(handedMs.alone, 0.95),
    p95HandedBurstMs: percentile(handedMs.burst, 0.95),
    p95HandedRatio: ratio(percentile(handedMs.burst, 0.95), percentile(handedMs.alone, 0.95)),
    p95AfterRatio: ratio(percentile(after, 0.95), percentile(before, 0.95)),
    answersAlone: before.length,
    answersBeside: beside.length,
    unanswered: [...alone.exchanges, ...burst.exchanges].filter(({ answeredAt }) => answeredAt === null)
      .length,
    storedMs,
    eventsPerSecond: options.events / (storedMs / 1000),
    ...audit,
    loopP50Ms: delay.all.p50,
    loopP99Ms: delay.all.p99,
    loopMaxMs: delay.all.max,
    loopP99AloneMs: delay.alone.p99,
    loopP99StoringMs: delay.storing.p99,
    loopP99AfterMs: delay.after.p99,
    loopP99PostsMs: delay.posts.p99,
    loopWorstP99Ms: Math.max(...Object.values(delay).map((one: Delay) => one.p99)),
    ackP50Ms: percentile(posts.tookMs, 0.5),
    ackP99Ms: percentile(posts.tookMs, 0.99),
    acksRefused: posts.refused,
  };
}

function since(exchanges: readonly Exchange[], at: number): readonly Exchange[] {
  return exchanges.filter(({ saidAt }) => saidAt >= at);
}

function answerMs(exchanges: readonly Exchange[]): readonly number[] {
  return exchanges.flatMap(({ saidAt, answeredAt }) => (answeredAt === null ? [] : [answeredAt - saidAt]));
}

function rounded(figures: Figures): Readonly<Record<string, number | string>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toPrecision(4)) : value,
    ]),
  );
}

function toRows(f: Figures): readonly Row[] {
  return [
    one('resident memory, most', mb(f.rssMaxMb), [
      mb(f.rssAloneMb),
      '≤ 300 MB',
      f.rssMaxMb <= wanted.rssMaxMb,
    ]),
    {
      what: 'the others’ answers, p95',
      ours: ms(f.p95BurstMs),
      reference: ms(f.p95AloneMs),
      compared: `${f.p95Ratio.toFixed(2)}×`,
      target: '≤ 2×',
      met: f.p95Ratio <= wanted.p95Ratio,
    },
    {
      what: 'the same, from when the platform handed them over',
      ours: ms(f.p95HandedBurstMs),
      reference: ms(f.p95HandedAloneMs),
      compared: `${f.p95HandedRatio.toFixed(2)}×`,
      target: '≤ 2×',
      met: f.p95HandedRatio <= wanted.p95Ratio,
    },
    one('said once the burst was stored, p95', ms(f.p95AfterMs), [ms(f.p95AloneMs)]),
    one('said while it was being stored, p95', ms(f.p95StoringMs), [ms(f.p95AloneMs)]),
    one('stored a second', f.eventsPerSecond.toFixed(0), ['']),
    none('acknowledged but unstored', f.acknowledgedUnstored),
    none('lost', f.lost),
    none('reordered', f.reordered),
    none('unanswered', f.unanswered),
    one('integrity', f.integrity, ['', 'ok', f.integrity === 'ok']),
    one('event loop, worst p99 of a phase', ms(f.loopWorstP99Ms), [
      ms(f.loopP99AloneMs),
      '< 50 ms',
      f.loopWorstP99Ms < wanted.loopP99Ms,
    ]),
    one('event loop, longest', ms(f.loopMaxMs), ['']),
    one('HTTP acknowledged, p99', ms(f.ackP99Ms), ['', '≤ 200 ms', f.ackP99Ms <= wanted.ackP99Ms]),
    none('HTTP refused', f.acksRefused),
  ];
}

function one(
  what: string,
  ours: string,
  [reference, target = '', met = null]: readonly [reference: string, target?: string, met?: boolean | null],
): Row {
  return { what, ours, reference, compared: '', target, met };
}

function none(what: string, n: number): Row {
  return one(what, String(n), ['', '0', n === 0]);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function mb(value: number): string {
  return `${value.toFixed(0)} MB`;
}
