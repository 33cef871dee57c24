import { existsSync, readFileSync } from 'node:fs';
import type { Arm } from '../gateway-process.ts';
import type { Dice } from './dice.ts';

/** The failpoints of the campaign: those that gateways said they passed, and how often each had its kill. */
export interface Points {
  /** The next one: any of those that had fewest kills. */
  next(): Arm;
  /** A gateway was killed there. */
  hit(point: string): void;
  counts(): Readonly<Record<string, number>>;
}

/** Passed only by a gateway that stops in good order, so never seen before one did. */
export const whileStopping = 'boots.stopped';
const latestNth = 6;
/** So often a point may be waited for in vain before the others go first. */
const patience = 4;

export function createPoints(dice: Dice, namesFile: string): Points {
  const turns = new Map([`before ${whileStopping}`, `after ${whileStopping}`].map((name) => [name, 0]));
  const hits = new Map<string, number>();
  const hitsOf = (name: string): number => hits.get(name) ?? 0;
  return {
    next: () => {
      for (const name of namesIn(namesFile)) if (!turns.has(name)) turns.set(name, 0);
      const scores = [...turns].map(([name, count]) => [name, hitsOf(name) + count / patience] as const);
      const least = Math.min(...scores.map(([, score]) => score));
      const candidates = scores.flatMap(([name, score]) => (score === least ? [name] : []));
      const point = candidates[dice.between(0, candidates.length - 1)] ?? `before ${whileStopping}`;
      const count = turns.get(point) ?? 0;
      turns.set(point, count + 1);
      // A point that was waited for in vain comes seldom: then the first pass will do.
      const isSeldom = count > hitsOf(point) || point.includes(whileStopping);
      return { point, nth: isSeldom ? 1 : dice.between(1, latestNth) };
    },
    hit: (point) => void hits.set(point, hitsOf(point) + 1),
    counts: () => {
      const names = [...new Set([...namesIn(namesFile), ...hits.keys()])].toSorted();
      return Object.fromEntries(names.map((name) => [name, hitsOf(name)]));
    },
  };
}

function namesIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return [...new Set(lines.filter((line) => line !== ''))];
}
