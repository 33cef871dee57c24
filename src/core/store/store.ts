import type { ConversationId } from '../ids.ts';
import type { Step } from '../step.ts';
import type { Turn } from '../turn.ts';
import type { ApprovalsPort } from './approvals.ts';
import type { BootsPort } from './boots.ts';
import type { ConversationsPort } from './conversations.ts';
import type { EventsPort } from './events.ts';
import type { OutboxPort } from './outbox.ts';
import type { PeoplePort } from './people.ts';
import type { SpendPort } from './spend.ts';
import type { StatePort } from './state.ts';
import type { StepsPort, TurnsPort } from './turns.ts';

/**
 * The store: every row of the kernel behind verbs that each are one atomic, durable change.
 *
 * Contract of every verb that writes: it resolves after COMMIT with synchronous=FULL; it runs in a savepoint of its
 * own inside a group commit, so its failure undoes it alone; it is refused as `fenced` when a newer boot has raised
 * the epoch; a disk that refuses makes it reject as `store-unavailable` with nothing stored. Reads see every write
 * that resolved before they were asked for.
 */
export interface StorePort {
  readonly boots: BootsPort;
  readonly events: EventsPort;
  readonly turns: TurnsPort;
  readonly steps: StepsPort;
  readonly conversations: ConversationsPort;
  readonly outbox: OutboxPort;
  readonly approvals: ApprovalsPort;
  readonly people: PeoplePort;
  readonly spend: SpendPort;
  readonly state: StatePort;
  /** Called once per group commit, after it, with what became true. Returns the unsubscriber. */
  onCommit(listener: (note: CommitNote) => void): () => void;
  /** Bounded copy of the live file to `path` by the backup API. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface CommitNote {
  readonly steps: readonly Step[];
  /** Conversations that gained queued events which coalesce: a running turn of theirs may let them join. */
  readonly queued: readonly ConversationId[];
  /** Queues that gained work. */
  readonly wake: readonly ('turns' | 'commands' | 'outbox')[];
  /** Turns whose status or membership changed. */
  readonly turns: readonly Turn[];
}
