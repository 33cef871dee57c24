import type { QueueMode } from '#core/turn.ts';
import type { ControlDeps } from '../deps.ts';
import type { UseCode } from '../people/linking.ts';

export interface CommandDeps extends Pick<
  ControlDeps,
  'store' | 'directory' | 'compose' | 'ids' | 'clock' | 'log'
> {
  readonly model: { names(): readonly string[] };
  readonly useCode: UseCode;
  /** `conversation.queue` of the config. */
  readonly defaultQueueMode: () => QueueMode;
}
