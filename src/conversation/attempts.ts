import type { TurnId } from '#core/ids.ts';
import type { Turn } from '#core/turn.ts';
import { runAttempt } from './attempt.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';
import { type RunningTurn, createRunningTurn } from './running.ts';

export interface Attempts {
  /** Runs the turn from where its rows stand. Its row is running already; a second start of it does nothing. */
  start(turn: Turn): void;
  /** Its row ended: whatever it still does is of no use. */
  stop(turn: TurnId): void;
  running(): readonly RunningTurn[];
  /** No turn is started any more: the process is about to stop. */
  draining(): boolean;
  /** Waits until nothing runs or the signal aborts, then stops what still runs; its rows go on at the next boot. */
  drain(signal: AbortSignal): Promise<void>;
}

/** What was stopped gets this long to end; what does not is left to its rows. */
const stopMs = 1_000;

/** The turns that run in this process. `onSettled` is told when an attempt is over, however it ended. */
export function createAttempts(
  deps: ConversationDeps,
  options: ConversationOptions,
  onSettled: (turn: TurnId) => void,
): Attempts {
  const running = new Map<TurnId, RunningTurn>();
  let draining = false;
  return {
    start,
    stop: (turn) => running.get(turn)?.stop(),
    running: () => [...running.values()],
    draining: () => draining,
    drain,
  };

  function start(turn: Turn): void {
    // Claimed while the process began to stop: the row is running, so the next boot goes on with it.
    if (draining || running.has(turn.id)) return;
    const capacity = { maxEvents: options.maxEvents, maxChars: options.maxChars() };
    const joinUntil = turn.startedAt + options.settings().coalesceMs;
    const entry = createRunningTurn({ ...deps, steers }, turn, { ...capacity, joinUntil });
    running.set(turn.id, entry);
    const endFeedback = deps.feedback.start(turn.chat);
    void runAttempt(deps, options, entry).finally(() => {
      endFeedback();
      running.delete(turn.id);
      deps.live.clear(turn.id);
      onSettled(turn.id);
    });
  }

  async function steers(conversation: Turn['conversation']): Promise<boolean> {
    const mode = (await deps.conversations.get(conversation))?.queueMode ?? options.settings().queue;
    return mode === 'steer';
  }

  async function drain(signal: AbortSignal): Promise<void> {
    draining = true;
    while (running.size > 0 && !signal.aborted) await deps.clock.sleep(20, signal);
    for (const entry of running.values()) entry.stop();
    for (let waited = 0; running.size > 0 && waited < stopMs; waited += 5) await deps.clock.sleep(5);
    if (running.size > 0) deps.log.warn('turn.left-behind', { turns: [...running.keys()] });
  }
}
