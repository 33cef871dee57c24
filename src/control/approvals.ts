import type { EventId } from '#core/ids.ts';
import { TiroError } from '#core/errors.ts';
import type { Person } from '#core/person.ts';
import type { Approval } from '#core/policy.ts';
import type { ApprovalsPort } from '#core/store/approvals.ts';

export interface DecideDeps {
  readonly approvals: Pick<ApprovalsPort, 'get' | 'decide'>;
  readonly ids: { event(): EventId };
  readonly clock: { now(): number };
}

export interface Decision {
  readonly id: string;
  readonly decision: 'approved' | 'denied';
  readonly reason: string | null;
  /** When it was asked for: the same person's same decision since then is this one, carried out before a crash. */
  readonly askedAt: number | null;
}

/**
 * One person's decision on one approval. Rejects as `not-found`, `denied` (not theirs to decide) or `conflict` (it was
 * decided, expired or voided before: the message says which).
 */
export async function decideApproval(deps: DecideDeps, decider: Person, ask: Decision): Promise<Approval> {
  const id = ask.id.toUpperCase();
  const approval = await deps.approvals.get(id);
  if (approval === null) throw new TiroError('not-found', `There is no approval ${id}.`);
  const may =
    decider.approves === 'all' || (decider.approves === 'own' && approval.person === decider.handle);
  if (!may) throw new TiroError('denied', `Approval ${id} is not yours to decide here.`);
  const at = deps.clock.now();
  const expired = approval.status === 'pending' && approval.expiresAt <= at;
  const decided = await deps.approvals.decide({
    id,
    ...(expired
      ? { decision: 'expired' as const, by: 'time', reason: null }
      : { decision: ask.decision, by: decider.handle, reason: ask.reason }),
    event: deps.ids.event(),
    at,
  });
  if (decided.result === 'unknown') throw new TiroError('not-found', `There is no approval ${id}.`);
  if (decided.result === 'late' && isSame(decided.approval, decider, ask)) return decided.approval;
  if (decided.result === 'late' || expired) {
    throw new TiroError(
      'conflict',
      `Approval ${id} is ${expired ? 'expired' : decided.approval.status} already. Nothing was changed.`,
    );
  }
  return decided.approval;
}

function isSame({ status, decidedBy, decidedAt }: Approval, decider: Person, ask: Decision): boolean {
  const since = ask.askedAt !== null && decidedAt !== null && decidedAt >= ask.askedAt;
  return since && status === ask.decision && decidedBy === decider.handle;
}

/** Ends what nobody decided in time, so that the model is told; returns how many. */
export async function expireApprovals(
  deps: DecideDeps & { readonly approvals: Pick<ApprovalsPort, 'overdue'> },
): Promise<number> {
  const overdue = await deps.approvals.overdue(deps.clock.now());
  for (const { id } of overdue) {
    await deps.approvals.decide({
      id,
      decision: 'expired',
      by: 'time',
      reason: null,
      event: deps.ids.event(),
      at: deps.clock.now(),
    });
  }
  return overdue.length;
}
