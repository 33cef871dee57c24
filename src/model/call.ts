import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { ModelError, ModelPort, ModelResult } from '#core/ports/model.ts';
import { backoffMs } from '#lib/backoff.ts';
import { type Attempt, type Run, busy, cancelled } from './attempt.ts';
import { type Target, chainOf } from './catalogue/names.ts';
import type { ModelLimits } from './limits.ts';
import type { Health } from './queue/health.ts';
import type { ModelSettings } from './settings.ts';

export interface CallDeps {
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly log: LogPort;
  readonly settings: () => ModelSettings;
  readonly limits: ModelLimits;
  readonly health: Health;
  readonly attempt: Attempt;
  /** Puts the first model of a provider's `/models` into `discovered`; the error when it cannot be told. */
  readonly discover: (target: Target, signal: AbortSignal) => Promise<ModelError | null>;
  readonly discovered: ReadonlyMap<string, string>;
}

/**
 * round: each ready model of the chain, the primary first → reply | final error | nobody answered
 *   nobody → wait (backoff, Retry-After) → next round … until the deadline → the last error.
 */
export function createCall(deps: CallDeps): ModelPort['call'] {
  return async (request, hooks, signal) => {
    const gone = new Map<string, ModelError>();
    const endsAt = deps.clock.elapsed() + request.deadlineAt - deps.clock.now();
    const counts = { last: null, rounds: 0, spoiled: 0, shown: false };
    const run: Run = { request, hooks, signal, endsAt, gone, ...counts };
    for (;;) {
      const result = (await tryChain(deps, run)) ?? (await waitForNext(deps, run));
      if (result !== null) return result;
    }
  };
}

/** Read anew each time: the configuration may have changed while the request waited. */
function chainFor(deps: CallDeps, run: Run): readonly Target[] {
  const chain = chainOf(deps.settings(), run.request, deps.discovered);
  return chain.filter((target) => !run.gone.has(target.label));
}

async function tryChain(deps: CallDeps, run: Run): Promise<ModelResult | null> {
  const chain = chainFor(deps, run);
  for (const label of deps.health.ready(chain.map((target) => target.label))) {
    if (run.signal.aborted) return cancelled;
    const target = chain.find((candidate) => candidate.label === label);
    const result = target === undefined ? null : await tryTarget(deps, run, target);
    if (result !== null) return result;
  }
  return null;
}

/** Null: this one did not answer, the next may. */
async function tryTarget(deps: CallDeps, run: Run, target: Target): Promise<ModelResult | null> {
  const result =
    target.model === null ? await tryUnnamed(deps, run, target) : await deps.attempt(run, target);
  if (result.ok || result.error.type === 'cancelled') return result;
  const { type, reason } = result.error;
  deps.log.warn('model.failed', { model: target.label, type, reason });
  run.last = result.error;
  if (type === 'context-too-long' || type === 'refused') return result;
  if (type === 'auth' || type === 'bad-request') run.gone.set(target.label, result.error);
  return null;
}

async function tryUnnamed(deps: CallDeps, run: Run, target: Target): Promise<ModelResult> {
  const error = await deps.discover(target, run.signal);
  if (run.signal.aborted) return cancelled;
  if (error !== null) return { ok: false, error };
  const named = chainFor(deps, run).find((candidate) => candidate.provider === target.provider);
  return named === undefined || named.model === null ? busy(target) : deps.attempt(run, named);
}

/** Null when it is time for the next round. */
async function waitForNext(deps: CallDeps, run: Run): Promise<ModelResult | null> {
  const { clock, limits } = deps;
  const open = chainFor(deps, run).map((target) => target.label);
  const next = deps.health.nextOf(open);
  const firstGone = [...run.gone.values()][0];
  if (open.length === 0 && firstGone !== undefined) return { ok: false, error: firstGone };
  const error = run.last ?? next.error;
  if (error === null) throw new Error('No model was tried and none had failed before.');
  if (run.spoiled >= limits.spoiledReplies) return { ok: false, error };
  run.rounds += 1;
  const now = clock.elapsed();
  const nextAt = Math.max(now + backoffMs(limits.backoff, run.rounds, deps.random), next.at);
  if (nextAt > run.endsAt) return { ok: false, error };
  run.hooks.onWaiting(error.reason, clock.now() + nextAt - now);
  await clock.sleep(nextAt - now, run.signal);
  return run.signal.aborted ? cancelled : null;
}
