import type { NewDelivery } from '../delivery.ts';
import type { StoredEvent } from '../event.ts';
import type { ApprovalId, ConversationId, TurnId } from '../ids.ts';
import type { Plan } from '../policy.ts';
import type { SpendSettlement } from '../spend.ts';
import type { Step, StepBody } from '../step.ts';
import type { Turn, TurnStatus } from '../turn.ts';
import type { Claim, TurnPlan } from './events.ts';

/** What one moment of a turn adds. All of it is one commit. */
export interface Append {
  readonly turn: TurnId;
  readonly at: number;
  readonly steps: readonly StepBody[];
  readonly deliveries: readonly NewDelivery[];
  readonly settle: SpendSettlement | null;
  /** Asks that this moment makes; their ids must be unused among pending ones, else it rejects as `conflict`. */
  readonly approvals: readonly NewApproval[];
  /** From now on no message joins. */
  readonly seal: boolean;
  /** Ends the turn: writes the `end` step, sets turn and event status. */
  readonly end: { readonly status: Exclude<TurnStatus, 'running'>; readonly reason: string | null } | null;
}

export interface NewApproval {
  readonly id: ApprovalId;
  readonly callId: string;
  readonly plan: Plan;
  readonly why: string;
  readonly expiresAt: number;
}

export interface TurnsPort {
  /**
   * Starts the next turn: fair over people (fewest running turns first), then the conversation that waits longest.
   * Only a conversation without a running turn is taken; events that do not coalesce come one a turn; a `decision`
   * goes first and alone. Writes turn (attempts = 1) and `input` steps (or the `decision` step) in the same commit.
   */
  claim(plan: TurnPlan): Promise<Claim>;
  /** Queued events of the same person in the conversation of a running, unsealed (or with `steer` any running) turn join it as `input` steps. */
  join(input: {
    readonly turn: TurnId;
    readonly arrivedBefore: number | null;
    readonly steer: boolean;
    readonly maxEvents: number;
    readonly maxChars: number;
    readonly at: number;
  }): Promise<readonly Step[]>;
  /** Running turns of earlier epochs. */
  orphans(): Promise<readonly Turn[]>;
  /**
   * Takes an orphan over for this epoch: writes the attempt before it is made. The attempt that crashed is taken back
   * unless the turn ran alone. Null when it is running here already or has ended.
   */
  resume(input: { readonly turn: TurnId; readonly solo: boolean; readonly at: number }): Promise<Turn | null>;
  /** Contract: rejects as `fenced` when the turn is not running in this epoch. A commit with steps sets attempts to 0. */
  append(input: Append): Promise<readonly Step[]>;
  /** A defect in this attempt: tried again not before `dueAt`. The attempt stays counted. */
  defer(input: { readonly turn: TurnId; readonly dueAt: number; readonly reason: string }): Promise<void>;
  /** Deferred turns of this epoch that are due: counts the next attempt. */
  retryDue(input: { readonly now: number }): Promise<readonly Turn[]>;
  /**
   * `/stop`: ends the conversation's running turn as cancelled, withdraws its queued events, voids pending approvals,
   * cancels unsent deliveries. Returns what there was to stop.
   */
  stop(input: {
    readonly conversation: ConversationId;
    readonly by: string;
    /** The `seq` of the /stop: what was written after it is left alone. Null: everything. */
    readonly upTo: number | null;
    readonly at: number;
  }): Promise<{
    readonly turns: readonly TurnId[];
    readonly events: number;
    readonly approvals: number;
    readonly deliveries: number;
  }>;
  /** Puts the events of a dead or failed turn back into the queue as new work; the old turn keeps its steps. */
  redrive(input: { readonly turn: TurnId; readonly at: number }): Promise<boolean>;
  get(id: TurnId): Promise<Turn | null>;
  eventsOf(id: TurnId): Promise<readonly StoredEvent[]>;
  list(filter: {
    readonly status: TurnStatus | null;
    readonly conversation: ConversationId | null;
    readonly limit: number;
  }): Promise<readonly Turn[]>;
  countByStatus(): Promise<Readonly<Record<TurnStatus, number>>>;
}

export interface StepsPort {
  ofConversation(conversation: ConversationId): Promise<readonly Step[]>;
  /**
   * The newest steps of a conversation, oldest first: as many as make up `chars` (a body of more than 10,000 counts as
   * that), and all of `turn`. `complete`: there are no older ones.
   */
  latest(input: {
    readonly conversation: ConversationId;
    readonly chars: number;
    readonly turn: TurnId | null;
  }): Promise<{ readonly steps: readonly Step[]; readonly complete: boolean }>;
  ofTurn(turn: TurnId): Promise<readonly Step[]>;
  /** Steps after `seq`, of one conversation or all, in order. */
  since(input: {
    readonly seq: number;
    readonly conversation: ConversationId | null;
    readonly limit: number;
  }): Promise<readonly Step[]>;
  /** A single step, for `expand`. */
  get(seq: number): Promise<Step | null>;
  lastSeq(): Promise<number>;
}
