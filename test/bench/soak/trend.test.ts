import { expect, test } from 'vitest';
import { createDice } from '#test/crash/campaign/dice.ts';
import { trendOf } from './trend.ts';

const line = (slope: number, noise: () => number, count = 100) =>
  Array.from({ length: count }, (_, at) => ({ at, value: 50 + slope * at + noise() }));

test('points on a line give its slope without an error', () => {
  const trend = trendOf(line(0.25, () => 0));
  expect(trend?.slope).toBeCloseTo(0.25, 10);
  expect(trend?.error).toBeCloseTo(0, 10);
});

test('a worked example: slope and error as the textbook has them', () => {
  // Residuals -0.1, 0.3, -0.3, 0.1: they swing, so no correlation is counted.
  const trend = trendOf([2, 4, 5, 7].map((value, at) => ({ at, value })));
  expect(trend?.slope).toBeCloseTo(1.6, 10);
  expect(trend?.error).toBeCloseTo(Math.sqrt(0.2 / 2 / 5), 10);
});

test('the true slope lies within two errors of the one found about 95 times of 100', () => {
  const dice = createDice(1);
  const noise = (): number => dice.next() + dice.next() + dice.next() - 1.5;
  const found = Array.from({ length: 400 }, () => trendOf(line(0.01, noise)));
  const hits = found.filter((trend) => trend !== null && Math.abs(trend.slope - 0.01) < 2 * trend.error);
  expect(hits.length).toBeGreaterThan(360);
});

test('a value that wanders is known less surely than one that jitters', () => {
  const dice = createDice(2);
  let level = 0;
  const jitter = line(0, () => dice.next() - 0.5);
  const wander = line(0, () => (level = 0.9 * level + dice.next() - 0.5));
  const errorOf = (points: ReturnType<typeof line>): number => trendOf(points)?.error ?? 0;
  const plain = (points: ReturnType<typeof line>): number => {
    const values = points.map(({ value }) => value - 50);
    return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
  };
  // Per unit of its own spread.
  expect(errorOf(wander) / plain(wander)).toBeGreaterThan((2 * errorOf(jitter)) / plain(jitter));
});

test('too few points, or all at one moment, have no slope', () => {
  expect(trendOf([])).toBeNull();
  expect(trendOf(line(1, () => 0, 3))).toBeNull();
  expect(trendOf([1, 2, 3, 4].map((value) => ({ at: 5, value })))).toBeNull();
});
