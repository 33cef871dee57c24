import type { Verdict } from '../history.ts';
import type { Edit } from './apply.ts';
import type { Scene } from './scene.ts';

/** The fields of a verdict in which a bug of the product shows. */
export type Fault = keyof Pick<
  Verdict,
  'lost' | 'duplicated' | 'reordered' | 'effectsTwice' | 'modelCallsRepeatedAfterCommit'
>;

/** A bug that somebody could have written, and the proof that the checker would have seen it. */
export interface Mutant {
  readonly name: string;
  /** What it breaks, in words. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Makes the bug show; the product itself comes out of it clean. */
  readonly scene: Scene;
  /** The field of the verdict that must say so; others may as well. */
  readonly caughtIn: Fault;
}
