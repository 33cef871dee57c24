import { TiroError, messageOf } from '#core/errors.ts';
import type { Turn } from '#core/turn.ts';
import { backoffMs } from '#lib/backoff.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';
import type { RunningTurn } from './running.ts';

const retry = { firstMs: 1_000, maxMs: 60_000, jitter: 0.2 } as const;

/**
 * run → ended | threw → deferred (a defect), tried again here (the store is away), buried (it was the last attempt)
 *
 * The attempt was counted before. A store that is away is not the turn's fault: it waits here and is not charged. Never
 * rejects: whatever happens, the row says how it goes on.
 */
export async function runAttempt(
  deps: ConversationDeps,
  options: ConversationOptions,
  entry: RunningTurn,
): Promise<void> {
  const { turn } = entry;
  const isOver = turn.attempts > options.maxAttempts;
  const work = isOver
    ? () => bury(deps, options, { turn, reason: turn.reason ?? 'the process crashed while it ran' })
    : () => deps.runTurn(entry.handle);
  const failure = await untilDone(deps, entry, { work, retries: isStoreAway });
  if (failure === null) return;
  deps.log.error('turn.failed', { turn: turn.id, error: failure.error });
  const reason = messageOf(failure.error);
  const settle = (): Promise<void> => deferOrBury(deps, options, { turn, reason });
  await untilDone(deps, entry, { work: settle, retries: () => true });
}

/** Null: the work came to its end, or the turn is not ours to end any more. Else what it threw and is not tried again. */
async function untilDone(
  deps: ConversationDeps,
  { turn, handle: { signal }, again }: RunningTurn,
  { work, retries }: { work(): Promise<unknown>; retries(error: unknown): boolean },
): Promise<{ readonly error: unknown } | null> {
  for (let failures = 1; ; failures += 1) {
    try {
      await work();
      return null;
    } catch (error) {
      if (isFenced(error)) deps.log.info('turn.fenced', { turn: turn.id });
      if (isFenced(error) || signal.aborted) return null;
      if (!retries(error)) return { error };
      deps.log.warn('turn.tried-again', { turn: turn.id, failures, error });
    }
    await deps.clock.sleep(backoffMs(retry, failures, deps.random), signal);
    if (signal.aborted) return null;
    await again();
  }
}

function isStoreAway(error: unknown): boolean {
  return error instanceof TiroError && error.code === 'store-unavailable';
}

function isFenced(error: unknown): boolean {
  return error instanceof TiroError && error.code === 'fenced';
}

interface Failed {
  readonly turn: Turn;
  readonly reason: string;
}

async function deferOrBury(
  deps: ConversationDeps,
  options: ConversationOptions,
  { turn: { id }, reason }: Failed,
): Promise<void> {
  const turn = await deps.turns.get(id);
  if (turn === null || turn.status !== 'running') return;
  if (turn.attempts >= options.maxAttempts) return bury(deps, options, { turn, reason });
  const dueAt = deps.clock.now() + backoffMs(retry, Math.max(1, turn.attempts), deps.random);
  await deps.turns.defer({ turn: id, dueAt, reason });
}

/** The dead letter: the turn ends, its events are dead, and its person is told, all in one commit. */
async function bury(
  deps: ConversationDeps,
  { maxAttempts }: ConversationOptions,
  { turn, reason }: Failed,
): Promise<void> {
  deps.log.error('turn.dead', { turn: turn.id, reason });
  await deps.turns.append({
    turn: turn.id,
    at: deps.clock.now(),
    ...deps.notices.dead(turn),
    settle: null,
    approvals: [],
    seal: true,
    end: { status: 'dead', reason: `given up after ${maxAttempts} attempts: ${reason}` },
  });
}
