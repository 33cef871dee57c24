import { inbound } from './inbound.ts';
import type { Mutant } from './mutant.ts';
import { outbound } from './outbound.ts';
import { turns } from './turns.ts';

/** In the order of a message's way. */
export const mutants: readonly Mutant[] = [...inbound, ...turns, ...outbound];

export function mutantNamed(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`There is no mutant named ${name}.`);
  return found;
}
