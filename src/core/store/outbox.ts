import type { ChatKey } from '../address.ts';
import type { Delivery, DeliveryStatus, NewDelivery } from '../delivery.ts';
import type { DeliveryId, TurnId } from '../ids.ts';

export interface OutboxPort {
  /**
   * Due rows that are first in their chat and whose chat has none in `sending`, set to `sending` before the call.
   * Chats of `pausedChannels` and `pausedChats` are left out.
   */
  claim(input: {
    readonly now: number;
    readonly limit: number;
    readonly pausedChannels: readonly string[];
    readonly pausedChats: readonly ChatKey[];
  }): Promise<readonly Delivery[]>;
  /** The end of one call. `replacements` take its place in the chat's order (next dialect); edits of it follow them. */
  settle(input: {
    readonly id: DeliveryId;
    readonly at: number;
    readonly outcome:
      | { readonly status: 'sent'; readonly platformId: string }
      | {
          readonly status: 'queued';
          readonly dueAt: number;
          readonly countAttempt: boolean;
          readonly repeated: boolean;
          readonly reason: string;
        }
      /** cancelled: not needed any more or replaced; dead: given up, shown by `tiro outbox` and can be redriven. */
      | {
          readonly status: 'dead' | 'cancelled';
          readonly reason: string;
          /** What replaces it may say what is shown already: it carries the mark. */
          readonly repeated?: boolean;
        };
    readonly replacements: readonly NewDelivery[];
  }): Promise<void>;
  /** Rows left in `sending` by an earlier epoch. */
  interrupted(): Promise<readonly Delivery[]>;
  /**
   * A preview of a running turn: the first call inserts the preview row and seals the turn; later ones replace the one
   * queued edit of it (newest text wins). Returns the preview's id.
   */
  preview(input: {
    readonly turn: TurnId;
    readonly first: NewDelivery;
    readonly edit: NewDelivery;
    readonly at: number;
  }): Promise<DeliveryId>;
  /** The preview row of a turn that is not yet replaced by a final text. */
  previewOf(turn: TurnId): Promise<Delivery | null>;
  get(id: DeliveryId): Promise<Delivery | null>;
  ofTurn(turn: TurnId): Promise<readonly Delivery[]>;
  list(filter: {
    readonly status: DeliveryStatus | null;
    readonly limit: number;
  }): Promise<readonly Delivery[]>;
  countByStatus(): Promise<Readonly<Record<DeliveryStatus, number>>>;
  /** The next time a queued row is due, or null. */
  nextDueAt(now: number): Promise<number | null>;
  redrive(input: { readonly id: DeliveryId; readonly at: number }): Promise<boolean>;
}
