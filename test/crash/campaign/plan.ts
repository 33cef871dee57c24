import type { Dice } from './dice.ts';

/**
 * random: at any instant of its work. ready: soon after it said so. start: while it starts. failpoint: at a named one.
 * takeover: it is stopped, another takes over, and it wakes later.
 */
export const killKinds = ['random', 'ready', 'start', 'failpoint', 'takeover'] as const;
export type KillKind = (typeof killKinds)[number];

export interface PlannedKill {
  readonly kind: KillKind;
  /** Not before so many messages are answered. */
  readonly after: number;
}

const weights: Readonly<Record<KillKind, number>> = {
  random: 0.32,
  ready: 0.08,
  start: 0.05,
  failpoint: 0.45,
  takeover: 0.1,
};

/** So many kills, spread over so many messages. Each kind that is allowed gets its share, in a random order. */
export function planKills(
  dice: Dice,
  {
    messages,
    kills,
    only,
  }: { readonly messages: number; readonly kills: number; readonly only: readonly KillKind[] },
): readonly PlannedKill[] {
  const allowed = killKinds.filter((kind) => only.includes(kind));
  const sum = allowed.reduce((total, kind) => total + weights[kind], 0);
  const kinds = Array.from({ length: kills }, (_, index) => {
    let rest = ((index + 0.5) / kills) * sum;
    return allowed.find((kind) => (rest -= weights[kind]) < 0) ?? allowed[0] ?? 'random';
  });
  const gap = messages / (kills + 1);
  return shuffled(dice, kinds).map((kind, index) => ({
    kind,
    after: Math.floor(gap * (index + 0.4 + dice.next())),
  }));
}

function shuffled<T>(dice: Dice, values: readonly T[]): readonly T[] {
  return values
    .map((value) => ({ value, key: dice.next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
