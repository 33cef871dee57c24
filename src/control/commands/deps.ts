import type { QueueMode } from '#core/turn.ts';
import type { ControlDeps } from '../deps.ts';
import type { PairOwner } from '../people/owner-pairing.ts';

export interface CommandDeps extends Pick<
  ControlDeps,
  'store' | 'directory' | 'compose' | 'ids' | 'clock' | 'log'
> {
  readonly model: { names(): readonly string[] };
  readonly pairOwner: PairOwner;
  /** `conversation.queue` of the config. */
  readonly defaultQueueMode: () => QueueMode;
}
