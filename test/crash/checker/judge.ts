import type { Sighting, Verdict } from '../history.ts';
import { findEffectsTwice } from './effects.ts';
import { findLost } from './lost.ts';
import { findRepeatedCalls } from './model-calls.ts';
import { countOpenSends } from './open-sends.ts';
import { findReordered } from './order.ts';
import { findRepeats } from './repeats.ts';

/**
 * Decides the fields of the bench `crash` from what the outside saw. Pure, and written apart from the product: it knows
 * nothing of its rows, its words or its code, so it cannot share a mistake with it (the lint holds this border).
 */
export function judge(history: readonly Sighting[]): Verdict {
  const { duplicated, flagged } = findRepeats(history);
  const [lost, reordered] = [findLost(history), findReordered(history)];
  const effectsTwice = findEffectsTwice(history);
  const { repeated, inFlight } = findRepeatedCalls(history);
  return {
    lost: lost.length,
    duplicated: duplicated.length,
    reordered: reordered.length,
    effectsTwice: effectsTwice.length,
    modelCallsRepeatedAfterCommit: repeated.length,
    inFlight,
    flagged,
    openSends: countOpenSends(history),
    kills: history.filter(({ type }) => type === 'ended').length,
    problems: [...lost, ...duplicated, ...reordered, ...effectsTwice, ...repeated],
  };
}
