import type { ConversationId, SpendId, TurnId } from './ids.ts';
import type { Usage } from './step.ts';

/**
 * One model call in the ledger: reserved by its upper estimate before the call, settled by its usage after it.
 * A reservation whose call was cut off is settled at the estimate: money that may have been spent counts as spent.
 */
export interface NewSpend {
  readonly id: SpendId;
  readonly turn: TurnId | null;
  readonly conversation: ConversationId | null;
  readonly person: string;
  readonly purpose: string;
  readonly model: string;
  readonly reservedUsd: number;
  readonly priced: boolean;
}

/** A ceiling that a reservation must stay under: what is spent and reserved since `since` plus the new one. */
export interface SpendLimit {
  readonly scope: 'turn' | 'person-day';
  readonly limitUsd: number;
  readonly since: number;
}

export type Reservation =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly scope: SpendLimit['scope'];
      readonly limitUsd: number;
      readonly usedUsd: number;
    };

export interface SpendSettlement {
  readonly id: SpendId;
  readonly model: string;
  readonly costUsd: number;
  readonly usage: Usage | null;
}

export interface SpendRow {
  readonly day: string;
  readonly person: string;
  readonly model: string;
  readonly calls: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly costUsd: number;
  readonly unpricedCalls: number;
}
