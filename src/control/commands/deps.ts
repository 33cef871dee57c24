import type { Identity } from '#core/address.ts';
import type { QueueMode } from '#core/turn.ts';
import type { ControlDeps } from '../deps.ts';

export interface CommandDeps extends Pick<
  ControlDeps,
  'store' | 'directory' | 'compose' | 'ids' | 'clock' | 'log'
> {
  readonly model: { names(): readonly string[] };
  /** Takes the owner's one-time code; rejects as `not-found` for a wrong one. */
  readonly pairOwner: (
    code: string,
    sender: { readonly identity: Identity; readonly name: string },
  ) => Promise<void>;
  /** `conversation.queue` of the config. */
  readonly defaultQueueMode: () => QueueMode;
}
