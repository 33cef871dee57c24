import { TiroError, messageOf } from '#core/errors.ts';
import { backoffMs } from '#lib/backoff.ts';
import type { Station } from './conversation.ts';
import type { Turn } from '#core/turn.ts';
import type { RunningTurn } from './running.ts';

const retry = { firstMs: 1_000, maxMs: 60_000, jitter: 0.2 } as const;

/**
 * A run threw. Fenced: the row is no longer ours. Store away: not the turn's fault, it waits and is tried again without
 * being charged. A defect: tried again later, and after the last attempt dead-lettered with a word to the person.
 */
export async function settleFailure(station: Station, entry: RunningTurn, error: unknown): Promise<void> {
  const { deps } = station;
  const { id } = entry.turn;
  if (error instanceof TiroError && error.code === 'fenced') {
    deps.log.info('turn.fenced', { turn: id });
    return;
  }
  deps.log.error('turn.failed', { turn: id, error });
  const charged = !(error instanceof TiroError && error.code === 'store-unavailable');
  for (let attempt = 1; !entry.handle.signal.aborted; attempt += 1) {
    try {
      await deferOrBury(station, entry, { reason: messageOf(error), charged });
      return;
    } catch (again) {
      if (again instanceof TiroError && again.code === 'fenced') return;
      deps.log.warn('turn.defer-failed', { turn: id, attempt, error: again });
      await deps.clock.sleep(backoffMs(retry, attempt, deps.random), entry.handle.signal);
    }
  }
}

async function deferOrBury(
  station: Station,
  entry: RunningTurn,
  why: { readonly reason: string; readonly charged: boolean },
): Promise<void> {
  const { deps, options } = station;
  const turn = await deps.turns.get(entry.turn.id);
  if (turn === null || turn.status !== 'running') return;
  const now = deps.clock.now();
  if (why.charged && turn.attempts >= options.maxAttempts) {
    await bury(station, turn, why.reason);
    return;
  }
  const delayMs = backoffMs(retry, Math.max(1, turn.attempts), deps.random);
  await deps.turns.defer({ turn: turn.id, dueAt: now + delayMs, reason: why.reason });
}

/** The dead letter: the turn ends, its events are dead, and its person is told, all in one commit. */
export async function bury(station: Station, turn: Turn, reason: string): Promise<void> {
  const { deps } = station;
  deps.log.error('turn.dead', { turn: turn.id, reason });
  await deps.turns.append({
    turn: turn.id,
    at: deps.clock.now(),
    ...deps.notices.dead(turn),
    settle: null,
    approvals: [],
    seal: true,
    end: { status: 'dead', reason: `given up after ${station.options.maxAttempts} attempts: ${reason}` },
  });
}
