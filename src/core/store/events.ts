import type { ChatKey } from '../address.ts';
import type { NewDelivery } from '../delivery.ts';
import type { EventStatus, InboundEvent, StoredEvent } from '../event.ts';
import type { ConversationId, EventId, TurnId } from '../ids.ts';
import type { Pairing, Role } from '../person.ts';
import type { StepBody } from '../step.ts';
import type { Turn } from '../turn.ts';

/** Where the inbox sends an event; decided before the commit, stored with it. */
export type Route =
  | {
      readonly lane: 'turn' | 'command';
      readonly person: string;
      readonly role: Role;
      /** Null: the chat's open conversation, made if there is none. An id: that conversation, made if it is unknown. */
      readonly conversation: ConversationId | null;
      /** `/new`: closes the open conversation in this very commit, so that what follows goes to the next. */
      readonly startsConversation: boolean;
      readonly coalesce: boolean;
      /** History sent with an unnamed API request: becomes steps before the input. Empty elsewhere. */
      readonly history: readonly StepBody[];
    }
  /** Nobody we serve: stored for dedupe with the reason, answered at most by these deliveries. */
  | {
      readonly lane: 'none';
      readonly reason: string;
      readonly deliveries: readonly NewDelivery[];
      readonly pairing: Pairing | null;
    }
  /** A yes or no to the question about stale messages. */
  | { readonly lane: 'stale-answer'; readonly keep: boolean; readonly person: string; readonly role: Role }
  /** A message was deleted: whoever did it, the platform says so. */
  | { readonly lane: 'withdrawal' }
  /** The delivery `messageId` did not arrive after all: it is dead from this commit on, wherever its call has come to. */
  | { readonly lane: 'undelivered' };

export interface AcceptEntry {
  readonly id: EventId;
  /** Used when a conversation must be made. */
  readonly newConversation: ConversationId;
  readonly event: InboundEvent;
  readonly route: Route;
}

export interface Accepted {
  readonly id: EventId;
  /** The event was already there; `id` and `conversation` are the first one's. Nothing was changed. */
  readonly duplicate: boolean;
  /** A duplicate whose text differs from the first one's (Idempotency-Key misuse). */
  readonly differs: boolean;
  readonly conversation: ConversationId | null;
}

export interface TurnPlan {
  readonly turn: TurnId;
  readonly now: number;
  readonly maxRunning: number;
  readonly maxPerPerson: number;
  /** Most events and most characters of one turn. */
  readonly maxEvents: number;
  readonly maxChars: number;
  /** Events said before this are asked about instead of answered; null never asks. */
  readonly staleBefore: number | null;
  /** Of the people with the fewest running turns the one who came last, not the one whose conversation waits longest. */
  readonly latest?: boolean;
  /** Turns that a person of a role may start in a minute; 0 or absent: as many as they like. More wait, none is dropped. */
  readonly turnsPerMinute?: Readonly<Partial<Record<Role, number>>>;
}

export interface StaleQuestion {
  readonly chat: ChatKey;
  readonly conversation: ConversationId;
  readonly count: number;
  readonly oldestAt: number;
  readonly newestSeq: number;
}

export type Claim =
  | { readonly type: 'turn'; readonly turn: Turn }
  /** These events became `stale`: ask the chat once. An unanswered question comes again at each boot, with its number. */
  | { readonly type: 'stale'; readonly question: StaleQuestion }
  | { readonly type: 'none' };

export interface EventsPort {
  /**
   * All events and the cursor in one transaction. A known (channel, platformId) changes nothing and is reported.
   *
   * An edit by the same sender replaces a message that is not answered yet, a deletion withdraws it: one that waits, and one
   * whose running turn has committed or shown nothing of an answer. Then that turn ends as cancelled (`takenBack`) in this
   * very commit and its other messages wait again, in their order. Of answered and unknown messages an edit is kept and a
   * deletion is not even stored. An edit that comes before its message is used when that comes.
   */
  accept(input: {
    readonly channel: string;
    readonly entries: readonly AcceptEntry[];
    readonly cursor: string | null;
    readonly at: number;
  }): Promise<readonly Accepted[]>;
  cursor(channel: string): Promise<string | null>;
  get(id: EventId): Promise<StoredEvent | null>;
  byPlatformId(channel: string, platformId: string): Promise<StoredEvent | null>;
  /** Queued commands, oldest first. */
  commands(limit: number): Promise<readonly StoredEvent[]>;
  /**
   * Ends a command: its answer as a notice step (and deliveries on push chats) and the event's status, in one commit.
   * Harmless when the event is no longer queued.
   */
  settleCommand(input: {
    readonly event: EventId;
    readonly notice: string | null;
    readonly deliveries: readonly NewDelivery[];
    readonly at: number;
  }): Promise<void>;
  /** Counts one more attempt of a command that threw and returns the count. */
  failCommand(input: { readonly event: EventId; readonly reason: string }): Promise<number>;
  list(filter: {
    readonly status: EventStatus | null;
    readonly limit: number;
  }): Promise<readonly StoredEvent[]>;
  countByStatus(): Promise<Readonly<Record<EventStatus, number>>>;
  /** Events that wait behind a running turn of their conversation since before `before`, one row per conversation. */
  waiting(before: number): Promise<
    readonly {
      readonly conversation: ConversationId;
      readonly chat: ChatKey;
      readonly runningTurn: TurnId;
      readonly count: number;
    }[]
  >;
  /**
   * Conversations that nothing runs in and that wait since before `before`: for a free place, or (`dueAt` > 0) because their
   * person starts too many turns. Those that wait longest first, `limit` at most. `head` is the `seq` of what waits longest.
   */
  waitingForPlace(input: { readonly before: number; readonly limit: number }): Promise<
    readonly {
      readonly conversation: ConversationId;
      readonly chat: ChatKey;
      readonly head: number;
      readonly dueAt: number;
    }[]
  >;
  /** Has the chat messages that were asked about as stale? */
  hasStale(chat: ChatKey): Promise<boolean>;
}
