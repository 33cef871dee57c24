import { dayStart } from '#lib/day.ts';
import type { ControlDeps } from '../deps.ts';
import type { StatusReport } from '../surface.ts';

export async function readStatus(deps: ControlDeps): Promise<StatusReport> {
  const { store, clock } = deps;
  const [boot, events, turns, outbox, pending, spent] = await Promise.all([
    store.boots.current(),
    store.events.countByStatus(),
    store.turns.countByStatus(),
    store.outbox.countByStatus(),
    store.approvals.list({ status: 'pending', chat: null, limit: 1_000 }),
    store.spend.byDay({ since: dayStart(clock.now(), null), person: null }),
  ]);
  return {
    ...deps.process(),
    epoch: boot.epoch,
    startedAt: boot.startedAt,
    channels: deps.channels(),
    events,
    turns,
    outbox,
    pendingApprovals: pending.length,
    spentTodayUsd: spent.reduce((sum, row) => sum + row.costUsd, 0),
  };
}
