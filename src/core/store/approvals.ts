import type { ChatKey } from '../address.ts';
import type { ApprovalId, EventId } from '../ids.ts';
import type { Approval, ApprovalStatus } from '../policy.ts';

export type Decided =
  | { readonly result: 'decided'; readonly approval: Approval }
  /** Somebody or time was first: the status says how it ended. */
  | { readonly result: 'late'; readonly approval: Approval }
  | { readonly result: 'unknown' };

export interface ApprovalsPort {
  get(id: ApprovalId): Promise<Approval | null>;
  list(filter: {
    readonly status: ApprovalStatus | null;
    readonly chat: ChatKey | null;
    readonly limit: number;
  }): Promise<readonly Approval[]>;
  /**
   * Decides once. In the same commit: the approval, the parked turn's status, and a `decision` event at the head of
   * its conversation's queue.
   */
  decide(input: {
    readonly id: ApprovalId;
    readonly decision: 'approved' | 'denied' | 'expired';
    readonly by: string;
    readonly reason: string | null;
    readonly event: EventId;
    readonly at: number;
  }): Promise<Decided>;
  /** Pending ones whose time is over. */
  overdue(now: number): Promise<readonly Approval[]>;
}
