import type { ChatKey } from './address.ts';
import type { ConversationId, TurnId } from './ids.ts';
import type { Role } from './person.ts';

/**
 * running → done | parked | failed | cancelled | dead.
 * `running` with an older epoch belongs to a gateway that is gone: the next boot takes it over.
 * `parked` waits for a person; its decision starts a new turn and makes it done.
 * `failed` told the person why; `dead` was given up after five crashes or defects and can be redriven.
 */
export type TurnStatus = 'running' | 'parked' | 'done' | 'failed' | 'cancelled' | 'dead';

export interface Turn {
  readonly id: TurnId;
  readonly conversation: ConversationId;
  readonly chat: ChatKey;
  readonly direct: boolean;
  readonly person: string;
  readonly role: Role;
  readonly status: TurnStatus;
  readonly epoch: number;
  /** Consecutive crashes or defects without a new committed step; written before each attempt. */
  readonly attempts: number;
  /** It runs alone because turns crashed the process twice in a row; only then a crash is charged to it. */
  readonly solo: boolean;
  /** Something of the answer was committed or shown: no message joins any more. */
  readonly sealed: boolean;
  /** Not tried again before this time (backoff after a defect). */
  readonly dueAt: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly reason: string | null;
}

export type QueueMode = 'queue' | 'steer' | 'interrupt';

export interface Conversation {
  readonly id: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly direct: boolean;
  readonly open: boolean;
  readonly createdAt: number;
  readonly lastAt: number;
  /** Its first words, for lists. */
  readonly title: string;
  /** Model chosen by `/model` for this conversation, or null for the default. */
  readonly model: string | null;
  readonly queueMode: QueueMode | null;
}
