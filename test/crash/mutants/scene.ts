import type { Arm } from '../gateway-process.ts';
import type { wish } from '../campaign/script.ts';

/** What a message asks for beside an answer. */
export type Wishes = readonly (keyof typeof wish)[];

/** A few messages and one thing that happens to the gateway, at a named instant. */
export interface Scene {
  /** The messages of one chat: the first, and the others as soon as the model was asked for it. */
  readonly says: readonly Wishes[];
  /** The first gateway is killed or stopped there; null: it runs on. */
  readonly arm: Arm | null;
  /** A gateway that was stopped wakes once another has done this. */
  readonly wakesAt?: 'answer' | 'once';
  /** Once all is answered, the platform gives the first message again. */
  readonly again?: boolean;
}

export const plain: Wishes = [];
export const withTools: Wishes = ['tools'];
export const slowly: Wishes = ['slowly'];
export const withToolsSlowly: Wishes = ['tools', 'slowly'];

export function killedAt(point: string, says: readonly Wishes[] = [plain], nth = 1): Scene {
  return { says, arm: { point, nth } };
}

export function stoppedAt(
  point: string,
  { says, nth, wakesAt }: { says: readonly Wishes[]; nth: number; wakesAt: 'answer' | 'once' },
): Scene {
  return { says, arm: { point, nth, stop: true }, wakesAt };
}
