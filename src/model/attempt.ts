import type { ModelError, ModelHooks, ModelRequest, ModelResult } from '#core/ports/model.ts';
import type { Ask } from './ask.ts';
import type { Target } from './catalogue/names.ts';
import type { Health } from './queue/health.ts';
import type { Places } from './queue/places.ts';

/** One request on its way through the chain. */
export interface Run {
  readonly request: ModelRequest;
  readonly hooks: ModelHooks;
  readonly signal: AbortSignal;
  /** The request's deadline by `clock.elapsed()`: a wall clock that is set makes no wait longer or shorter. */
  readonly endsAt: number;
  /** Models that will not take this request however often they are asked, with what they said. */
  readonly gone: Map<string, ModelError>;
  last: ModelError | null;
  rounds: number;
  /** Answers that came and could not be used. */
  spoiled: number;
  /** Deltas were shown that a further call makes void. */
  shown: boolean;
}

export interface AttemptDeps {
  readonly health: Health;
  readonly places: Places;
  readonly ask: Ask;
}

export type Attempt = (run: Run, target: Target) => Promise<ModelResult>;

/** How often one call is made anew because the server wants a parameter put differently. */
const rephrasings = 3;

/** place in the queue → beforeCall → call → outcome into the model's health → place given back. */
export function createAttempt({ health, places, ask }: AttemptDeps): Attempt {
  return async (run, target) => {
    const place = await places.enter(target, run);
    if (place === 'cancelled') return cancelled;
    if (place === 'busy') return busy(target);
    const settle = health.begin(target.label);
    let outcome: 'ok' | ModelError | null = null;
    try {
      const result = await callOnce(run, target);
      if (result.ok) outcome = 'ok';
      else if (result.error.type !== 'cancelled') outcome = result.error;
      return result;
    } finally {
      settle(outcome);
      place();
    }
  };

  async function callOnce(run: Run, target: Target): Promise<ModelResult> {
    for (let again = 0; ; again += 1) {
      if (run.shown) run.hooks.onRestart();
      run.shown = false;
      await run.hooks.beforeCall(target.label);
      if (run.signal.aborted) return cancelled;
      const onDelta = (text: string): void => {
        run.shown = true;
        run.hooks.onDelta(text);
      };
      const answer = await ask(run.request, target, { signal: run.signal, onDelta });
      if (answer.ok) return answer;
      if (answer.spoiled) run.spoiled += 1;
      if (!answer.again || again >= rephrasings) return { ok: false, error: answer.error };
    }
  }
}

export const cancelled: ModelResult = {
  ok: false,
  error: { type: 'cancelled', reason: 'The request was cancelled.', retryAfterMs: null },
};

export function busy(target: Target): ModelResult {
  const reason = `${target.label} is busy with other requests.`;
  return { ok: false, error: { type: 'transient', reason, retryAfterMs: null } };
}
