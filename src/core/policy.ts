import type { ChatKey } from './address.ts';
import type { ApprovalId, ConversationId, TurnId } from './ids.ts';
import type { Role } from './person.ts';

/** Exactly what will run. The hash over it is what is judged, shown, approved and checked again before it acts. */
export interface Plan {
  readonly tool: string;
  /** Canonical JSON of the parsed arguments. */
  readonly arguments: string;
  /** SHA-256, hex, over tool and arguments. */
  readonly hash: string;
}

export interface Asker {
  readonly person: string;
  readonly role: Role;
  readonly chat: ChatKey;
  readonly direct: boolean;
}

export type Verdict =
  | { readonly decision: 'allow' }
  | { readonly decision: 'ask'; readonly reason: string }
  | { readonly decision: 'deny'; readonly reason: string };

/** A decision by tool name. */
export interface Rule {
  readonly tool: string;
  readonly decision: Verdict['decision'];
}

/** Contract: pure and total; a tool that no rule names is asked about. */
export interface PolicyPort {
  judge(plan: Plan, asker: Asker): Verdict;
}

/** pending → approved | denied | expired | void. Only pending can change, and only once. */
export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'void';

export interface Approval {
  readonly id: ApprovalId;
  readonly turn: TurnId;
  readonly conversation: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly callId: string;
  readonly plan: Plan;
  readonly why: string;
  readonly status: ApprovalStatus;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  readonly reason: string | null;
}
