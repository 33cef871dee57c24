import { existsSync, readFileSync } from 'node:fs';
import type { Dice } from './dice.ts';
import type { Arm } from '../gateway-process.ts';

/** The failpoints of the campaign: those that gateways said they passed, and how often each had its kill. */
export interface Points {
  /** The next one: of those that had their turn least often, any. Null before a gateway passed one. */
  next(): Arm | null;
  /** A gateway was killed there. */
  hit(point: string): void;
  counts(): Readonly<Record<string, number>>;
}

const latestNth = 6;

export function createPoints(dice: Dice, namesFile: string): Points {
  const turns = new Map<string, number>();
  const hits = new Map<string, number>();
  return {
    next: () => {
      for (const name of namesIn(namesFile)) if (!turns.has(name)) turns.set(name, 0);
      const fewest = Math.min(...turns.values());
      const candidates = [...turns.keys()].filter((name) => turns.get(name) === fewest);
      const point = candidates[dice.between(0, candidates.length - 1)];
      if (point === undefined) return null;
      turns.set(point, fewest + 1);
      // A point that was waited for in vain comes seldom: then the first pass will do.
      const isSeldom = fewest > (hits.get(point) ?? 0);
      return { point, nth: isSeldom ? 1 : dice.between(1, latestNth) };
    },
    hit: (point) => void hits.set(point, (hits.get(point) ?? 0) + 1),
    counts: () => {
      const names = [...new Set([...namesIn(namesFile), ...hits.keys()])].toSorted();
      return Object.fromEntries(names.map((name) => [name, hits.get(name) ?? 0]));
    },
  };
}

function namesIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return [
    ...new Set(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ),
  ];
}
