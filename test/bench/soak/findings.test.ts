import { expect, test } from 'vitest';
import { toFigures, toFindings } from './findings.ts';
import type { Soaked } from './run.ts';
import type { Sample } from './sample.ts';

const hour = 3_600;

/** A sample each minute of an hour; `change` says what is not as always. */
function soaked(change: (at: number) => Partial<Sample>): Soaked {
  const calm = {
    rssMb: 150,
    anonymousMb: 100,
    heapUsedMb: 40,
    heapTotalMb: 60,
    externalMb: 5,
    heapFloorMb: 30,
    storeHeapMb: 8,
    descriptors: 40,
    threads: 12,
    loopDelayP99Ms: 2,
    loopDelayMaxMs: 9,
    dbMb: 1,
    walMb: 4,
    rows: 10,
    messages: 5,
    answered: 5,
  };
  const samples = Array.from({ length: 61 }, (_, minute) => ({
    ...calm,
    at: minute * 60,
    ...change(minute * 60),
  }));
  return { samples, messages: 5, answered: 5, lost: 0, open: [], lastedMs: hour * 1000 };
}

test('memory that grows by 12 MB an hour has that slope; the warm-up does not count', () => {
  const figures = toFigures(soaked((at) => ({ rssMb: at < 0.2 * hour ? at : 150 + (12 * at) / hour })));
  expect(figures.rssSlopeMbPerHour).toBeCloseTo(12, 6);
  expect(figures.rssWarmMb).toBeCloseTo(150 + 12 * 0.24, 0);
  expect(figures.rssEndMb).toBeCloseTo(162, 0);
  expect(figures.rssMaxMb).toBeGreaterThan(600);
});

test('the slope of the heap is that of what full collections left, and null where there were too few', () => {
  const some = (at: number): number | null => (at % 300 === 0 ? 30 + (2 * at) / hour : null);
  const figures = toFigures(soaked((at) => ({ heapFloorMb: some(at), heapUsedMb: Math.sin(at) * 20 + 60 })));
  expect(figures.heapSlopeMbPerHour).toBeCloseTo(2, 6);
  expect(figures.fullCollections).toBe(13);
  expect(toFigures(soaked(() => ({ heapFloorMb: null }))).heapSlopeMbPerHour).toBeNull();
});

test('what came behind the end of the traffic is not in the slope', () => {
  const all = soaked(() => ({}));
  const late = soaked(() => ({ rssMb: 900, at: hour + 60 })).samples.slice(0, 1);
  const figures = toFigures({ ...all, samples: [...all.samples, ...late] });
  expect(figures.rssSlopeMbPerHour).toBeCloseTo(0, 6);
});

test('one slow interval, one descriptor more and one lost message are seen', () => {
  const one = soaked((at) =>
    at === 1_800 ? { loopDelayP99Ms: 80, loopDelayMaxMs: 400, descriptors: 41, walMb: 33 } : {},
  );
  const { figures, rows } = toFindings({ ...one, lost: 1 }, 'file');
  expect(figures).toMatchObject({ loopDelayP99Ms: 2, loopDelayP99WorstMs: 80, loopDelayMaxMs: 400 });
  expect(figures).toMatchObject({ fdMin: 40, fdMax: 41, walMaxMb: 33, lost: 1, samples: 'file' });
  expect(rows.filter(({ met }) => met === false).map(({ compared }) => compared)).toEqual(['1', '80.0']);
});

test('a run that was interrupted before its first minute has figures all the same', () => {
  const { samples } = soaked(() => ({}));
  const { figures } = toFindings(
    { ...soaked(() => ({})), samples: samples.slice(0, 1), lastedMs: 900 },
    'file',
  );
  expect(figures).toMatchObject({ rssStartMb: 150, rssSlopeMbPerHour: null, rssEndMb: null, lost: 0 });
});
