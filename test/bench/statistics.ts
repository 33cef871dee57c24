/** The value below which `share` (0 to 1) of the values lie, interpolated between neighbours. Throws without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (low === undefined || high === undefined) throw new Error('There is no percentile of no values.');
  return low + (high - low) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Throws where there is nothing to compare with: a ratio to nothing would be a made-up figure. */
export function ratio(value: number, reference: number): number {
  if (!(reference > 0)) throw new Error(`A ratio needs a reference above 0, not ${reference}.`);
  return value / reference;
}

/** Median over rounds of the ratio within each round: what disturbs a whole round disturbs both sides of it. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  if (values.length !== references.length) throw new Error('Each round needs its reference.');
  return median(values.map((value, round) => ratio(value, references[round] ?? Number.NaN)));
}
