import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import type { Client, Failure } from './client.ts';
import { isTokenRefused } from './errors.ts';

/** There is no connection: whether Meta can be asked and knows the token is the state of the channel. */
export interface Watch {
  /** Until the signal aborts. Tells the sink of each change between up and down, with the reason. */
  run(sink: SinkPort, signal: AbortSignal): Promise<void>;
  /** A call has failed in a way that may be more than that call: asked at once instead of in minutes. */
  doubt(failure: Failure): void;
}

export const phoneSchema = z.object({
  display_phone_number: z.string().default(''),
  verified_name: z.string().default(''),
  quality_rating: z.string().default(''),
});
export const phoneFields = 'display_phone_number,verified_name,quality_rating';

const askAgainMs = 300_000;
const askTimeoutMs = 15_000;

export function createWatch(
  deps: AdapterDeps & { readonly random: RandomPort; readonly client: Client },
  phoneNumberId: string,
): Watch {
  const { clock, client } = deps;
  let isUp = false;
  let hurry = new AbortController();
  return {
    run: (sink, signal) =>
      keepConnected(deps, { step: () => step(signal), explain, tell: sink.state }, signal),
    doubt: (failure) => {
      if (failure.type === 'not-sent' || failure.type === 'lost' || isTokenRefused(failure)) hurry.abort();
    },
  };

  async function step(signal: AbortSignal): Promise<Outcome> {
    if (isUp) await clock.sleep(askAgainMs, AbortSignal.any([signal, hurry.signal]));
    hurry = new AbortController();
    const query = { fields: phoneFields };
    const request = { path: phoneNumberId, query, answer: phoneSchema, timeoutMs: askTimeoutMs };
    const answer = await client.call(request, signal);
    isUp = answer.ok;
    return answer.ok ? { ok: true, pause: 0 } : outcomeOf(answer.failure);
  }
}

function explain(error: unknown): Outcome {
  return { ok: false, why: messageOf(error), pause: reconnect };
}

/** A refusal stays one until somebody changes something: ask seldom. */
function outcomeOf(failure: Failure): Outcome {
  const { type, why, retryAfterMs } = failure;
  if (isTokenRefused(failure)) {
    const cure = 'make a new one at business.facebook.com (System users) and put it into the configuration';
    return { ok: false, why: `token refused (${why}): ${cure}`, pause: reconnectSeldom };
  }
  if (type === 'refused' && failure.status < 500 && failure.status !== 429)
    return { ok: false, why, pause: retryAfterMs ?? reconnectSeldom };
  return { ok: false, why, pause: retryAfterMs ?? reconnect };
}
