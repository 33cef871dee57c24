import { type DecideDeps, expireApprovals } from '../approvals.ts';
import type { ApprovalsPort } from '#core/store/approvals.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';

const everyMs = 5_000;

/** What has to be looked at now and then: approvals whose time is over. Resolves after the abort. */
export async function runChores(
  deps: DecideDeps & {
    readonly approvals: Pick<ApprovalsPort, 'overdue'>;
    readonly clock: ClockPort;
    readonly log: LogPort;
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await expireApprovals(deps);
    } catch (error) {
      deps.log.error('chore.failed', { error });
    }
    await deps.clock.sleep(everyMs, signal);
  }
}
