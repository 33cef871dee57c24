import { type Backoff, backoffMs } from '../backoff.ts';

/** How one piece of staying connected went. `pause`: wait so many milliseconds, or back off, before the next. */
export type Outcome =
  | { readonly ok: true; readonly pause: number }
  | { readonly ok: false; readonly why: string; readonly pause: number | Backoff };

/** After a failure: 1, 2, 4, 8, 16, 16 … seconds, each ±20 %. */
export const reconnect: Backoff = { firstMs: 1_000, maxMs: 16_000, jitter: 0.2 };
/** Only a new token or setting helps: ask seldom. */
export const reconnectSeldom: Backoff = { firstMs: 60_000, maxMs: 600_000, jitter: 0.2 };

/**
 * Runs `step` again and again until the signal aborts, and tells of each change between up and down with its reason. A
 * step is a poll, or a whole connection that ended. `explain` turns what a step threw into an outcome.
 */
export async function keepConnected(
  deps: {
    readonly clock: { elapsed(): number; sleep(ms: number, signal: AbortSignal): Promise<void> };
    readonly random: { next(): number };
  },
  run: {
    step(): Promise<Outcome>;
    explain(error: unknown): Outcome;
    tell(state: 'up' | 'down', why: string): void;
    /** What was up for less was no good connection: the pauses go on growing. Default: 0. */
    readonly steadyMs?: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const { steadyMs = 0 } = run;
  let failures = 0;
  let upAt: number | null = null;
  let told = '';
  while (!signal.aborted) {
    const outcome = await run.step().catch(run.explain);
    if (signal.aborted) return;
    if (outcome.ok) upAt ??= deps.clock.elapsed();
    else {
      const isSteady = upAt !== null && deps.clock.elapsed() - upAt >= steadyMs;
      failures = isSteady ? 1 : failures + 1;
      upAt = null;
    }
    const why = outcome.ok ? 'connected' : outcome.why;
    if (why !== told) run.tell(outcome.ok ? 'up' : 'down', why);
    told = why;
    const { pause } = outcome;
    await deps.clock.sleep(
      typeof pause === 'number' ? pause : backoffMs(pause, failures, deps.random),
      signal,
    );
  }
}
