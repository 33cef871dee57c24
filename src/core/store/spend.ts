import type { SpendId, TurnId } from '../ids.ts';
import type { NewSpend, Reservation, SpendLimit, SpendRow, SpendSettlement } from '../spend.ts';

export interface SpendPort {
  /** Checks all limits and writes the reservation in one commit: two turns cannot both take the last cent. */
  reserve(input: {
    readonly spend: NewSpend;
    readonly limits: readonly SpendLimit[];
    readonly at: number;
  }): Promise<Reservation>;
  settle(input: SpendSettlement & { readonly at: number }): Promise<void>;
  /** Reservations of earlier epochs are settled at their estimate: the money may have been spent. */
  settleOrphans(at: number): Promise<number>;
  byDay(input: { readonly since: number; readonly person: string | null }): Promise<readonly SpendRow[]>;
  ofTurn(turn: TurnId): Promise<
    readonly {
      readonly id: SpendId;
      readonly model: string;
      readonly costUsd: number | null;
      readonly reservedUsd: number;
      readonly usage: {
        readonly promptTokens: number;
        readonly cachedTokens: number;
        readonly completionTokens: number;
      } | null;
      readonly at: number;
      readonly settledAt: number | null;
    }[]
  >;
}
