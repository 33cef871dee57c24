import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, medianRatio, percentile, ratio, sum } from './statistics.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

test('a percentile lies between its neighbours, whatever the order of the values', () => {
  expect(percentile([3, 1, 2, 4], 0)).toBe(1);
  expect(percentile([3, 1, 2, 4], 1)).toBe(4);
  expect(percentile([3, 1, 2, 4], 0.5)).toBe(2.5);
  expect(percentile([10, 20], 0.99)).toBeCloseTo(19.9);
  expect(percentile([7], 0.99)).toBe(7);
});

test('a percentile never leaves the range of the values, and a higher share is never lower', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(values, share, share, (all, a, b) => {
      const [low, high] = [percentile(all, Math.min(a, b)), percentile(all, Math.max(a, b))];
      expect(low).toBeLessThanOrEqual(high + 1e-9);
      expect(low).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
      expect(high).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
    }),
  );
});

test('percentiles do not change the values they are taken of', () => {
  const all = [3, 1, 2];
  percentile(all, 0.5);
  expect(all).toEqual([3, 1, 2]);
});

test('nothing is made up where there is nothing to measure', () => {
  expect(() => percentile([], 0.5)).toThrow('no values');
  expect(() => ratio(1, 0)).toThrow('reference');
  expect(() => ratio(1, Number.NaN)).toThrow('reference');
  expect(() => medianRatio([1, 2], [1])).toThrow('reference');
});

test('a noisy round moves the median of ratios less than the ratio of means', () => {
  expect(medianRatio([2, 4, 200], [1, 2, 100])).toBe(2);
  expect(medianRatio([2, 2, 50], [1, 1, 1])).toBe(2);
  expect(median([5, 1, 3])).toBe(3);
  expect(sum([1, 2, 3])).toBe(6);
});
