import type { Step } from '../step.ts';
import type { Turn } from '../turn.ts';

/** One run of a turn: what the conversation station hands to the agent. */
export interface TurnRun {
  readonly turn: Turn;
  /** Aborts on /stop, interrupt, shutdown and fencing. */
  readonly signal: AbortSignal;
  /** Aborts the model call in flight because messages joined. A fresh one at each call, aborted already if some wait. */
  readonly joinSignal: () => AbortSignal;
  /** Messages that joined since the last look; with queue mode `steer` also the ones that wait now. */
  readonly joined: () => Promise<readonly Step[]>;
  /**
   * Lets no message join from here on, waits for a join that is being written, and tells whether none came in between.
   * False: an answer that did not see them must not be used; joining is open again.
   */
  readonly close: () => Promise<boolean>;
  /** `close`, and a commit that says so: the first word of the answer may be shown. */
  readonly seal: () => Promise<boolean>;
}

/** How a run ended. `left`: the row still says running, the next boot (or nobody, when fenced) goes on with it. */
export type TurnOutcome = 'ended' | 'left';
