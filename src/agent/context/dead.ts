import type { Step } from '#core/step.ts';
import type { TurnId } from '#core/ids.ts';

/**
 * The steps without those of turns that were given up, of which only the end stays: what broke every attempt at one turn
 * would break every attempt at the next ones too, and the conversation could never go on. Redriven, its messages are
 * inputs of another turn.
 */
export function withoutDead(steps: readonly Step[]): readonly Step[] {
  const dead = new Set<TurnId>();
  for (const { turn, body } of steps)
    if (turn !== null && body.kind === 'end' && body.status === 'dead') dead.add(turn);
  if (dead.size === 0) return steps;
  return steps.filter(({ turn, body }) => turn === null || !dead.has(turn) || body.kind === 'end');
}

/** The steps without those of turns whose messages were edited or deleted before anything was answered. */
export function withoutTakenBack(steps: readonly Step[]): readonly Step[] {
  const taken = new Set<TurnId>();
  for (const { turn, body } of steps)
    if (turn !== null && body.kind === 'end' && body.takenBack === true) taken.add(turn);
  return taken.size === 0 ? steps : steps.filter(({ turn }) => turn === null || !taken.has(turn));
}

/** The tools that a dead turn had begun to use, by the seq of its end: the model must not think that nothing happened. */
export function toolsOfDead(steps: readonly Step[]): ReadonlyMap<number, readonly string[]> {
  const begun = new Map<TurnId, Set<string>>();
  const found = new Map<number, readonly string[]>();
  for (const { seq, turn, body } of steps) {
    if (turn === null) continue;
    if (body.kind === 'intent') begun.set(turn, (begun.get(turn) ?? new Set()).add(body.tool));
    if (body.kind === 'end' && body.status === 'dead') found.set(seq, [...(begun.get(turn) ?? [])]);
  }
  return found;
}
