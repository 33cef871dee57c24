import { sum } from '../statistics.ts';

export interface Point {
  /** In whatever unit the slope is wanted by. */
  readonly at: number;
  readonly value: number;
}

export interface Trend {
  /** Least squares, in value per unit of `at`. */
  readonly slope: number;
  /** Of the slope, one standard deviation; what a point has in common with the one before it is counted once. */
  readonly error: number;
}

const fewestPoints = 4;

/**
 * The line through the points and how sure its slope is; null for fewer than four points or all at one time. Samples of
 * a process are alike when they are near in time, and plain least squares would then be far too sure of itself: the
 * residuals' correlation r from one to the next leaves n(1 − r)/(1 + r) points that say something of their own.
 */
export function trendOf(points: readonly Point[]): Trend | null {
  const count = points.length;
  if (count < fewestPoints) return null;
  const meanAt = sum(points.map(({ at }) => at)) / count;
  const meanValue = sum(points.map(({ value }) => value)) / count;
  const spread = sum(points.map(({ at }) => (at - meanAt) ** 2));
  if (spread === 0) return null;
  const slope = sum(points.map(({ at, value }) => (at - meanAt) * (value - meanValue))) / spread;
  const residuals = points.map(({ at, value }) => value - meanValue - slope * (at - meanAt));
  const squares = sum(residuals.map((residual) => residual ** 2));
  const plainError = Math.sqrt(squares / (count - 2) / spread);
  const alike = likeness(residuals, squares);
  return { slope, error: plainError * Math.sqrt((1 + alike) / (1 - alike)) };
}

/** Correlation of each residual with the next: 0 where there is none to count, and short of 1. */
function likeness(residuals: readonly number[], squares: number): number {
  if (squares === 0) return 0;
  const products = residuals.slice(1).map((residual, before) => residual * (residuals[before] ?? 0));
  return Math.min(0.98, Math.max(0, sum(products) / squares));
}
