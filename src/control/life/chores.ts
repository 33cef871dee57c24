import { type DecideDeps, expireApprovals } from '../approvals.ts';
import type { SpendPort } from '#core/store/spend.ts';
import type { ApprovalsPort } from '#core/store/approvals.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';

const everyMs = 5_000;

/**
 * What has to be looked at: at the start, model calls that a crash cut off; now and then, approvals whose time is over and the
 * further duties. One that fails holds up none of the others.
 * Resolves after the abort.
 */
export async function runChores(
  deps: DecideDeps & {
    readonly approvals: Pick<ApprovalsPort, 'overdue'>;
    readonly spend: Pick<SpendPort, 'settleOrphans'>;
    readonly clock: ClockPort;
    readonly log: LogPort;
    /** What else is looked after, such as telling the owner of what was given up. */
    readonly duties: readonly (() => Promise<void>)[];
  },
  signal: AbortSignal,
): Promise<void> {
  await settleOrphans(deps);
  while (!signal.aborted) {
    for (const chore of [() => expireApprovals(deps), ...deps.duties]) {
      try {
        await chore();
      } catch (error) {
        deps.log.error('chore.failed', { error });
      }
    }
    await deps.clock.sleep(everyMs, signal);
  }
}

/** Their reservations count in full until then and after; settling only says that no answer comes any more. */
async function settleOrphans(deps: Parameters<typeof runChores>[0]): Promise<void> {
  try {
    const count = await deps.spend.settleOrphans(deps.clock.now());
    if (count > 0) deps.log.info('spend.orphans-settled', { count });
  } catch (error) {
    deps.log.error('chore.failed', { error });
  }
}
