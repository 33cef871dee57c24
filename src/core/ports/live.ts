import type { ConversationId, TurnId } from '../ids.ts';

/** What a page may show while it happens. Not durable: whoever misses it reads the steps. */
export type LiveEvent =
  | {
      readonly type: 'delta';
      readonly conversation: ConversationId;
      readonly turn: TurnId;
      readonly text: string;
    }
  /** The partial text is void: the model call is made again. */
  | { readonly type: 'restart'; readonly conversation: ConversationId; readonly turn: TurnId }
  | {
      readonly type: 'waiting';
      readonly conversation: ConversationId;
      readonly turn: TurnId;
      readonly reason: string;
    };

export interface LivePort {
  publish(event: LiveEvent): void;
  subscribe(listener: (event: LiveEvent) => void): () => void;
  /** The text shown so far of a turn whose reply is not committed yet, or ''. */
  partial(turn: TurnId): string;
  /** Forgets the partial text: its reply is a row now, or the turn ended. */
  clear(turn: TurnId): void;
}
