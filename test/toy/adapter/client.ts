import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { PlatformDeps } from '#core/ports/adapter.ts';
import { within } from '#lib/net/within.ts';
import type { ToySettings } from './settings.ts';

/** Why a call brought nothing. `code`: the HTTP status; `lost`: the request left and no answer was read. */
export interface Failure {
  readonly code: number | 'not-sent' | 'lost';
  readonly why: string;
  readonly retryAfterMs: number;
}
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure };

export type Call = (path: string, body: unknown, signal: AbortSignal) => Promise<Answer>;

const callTimeoutMs = 60_000;
const causeSchema = z.object({ cause: z.object({ code: z.string() }) });
const neverLeft = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** One request of the toy's API: POST with JSON both ways. Never throws for what network or platform do. */
export function createCall(deps: Pick<PlatformDeps, 'clock' | 'fetch'>, settings: ToySettings): Call {
  return async (path, body, signal) => {
    if (signal.aborted) return failed('not-sent', 'it was aborted before it began');
    try {
      return await within({ clock: deps.clock, ms: callTimeoutMs, signal }, async (both) => {
        const response = await deps.fetch(`${settings.apiRoot}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${settings.key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: both,
        });
        if (response.ok) return { ok: true, value: await response.json() };
        const seconds = Number(response.headers.get('retry-after') ?? 1);
        await response.body?.cancel();
        return failed(response.status, `it answered ${response.status}`, seconds * 1_000);
      });
    } catch (error) {
      const code = causeSchema.safeParse(error).data?.cause.code ?? '';
      return failed(neverLeft.has(code) ? 'not-sent' : 'lost', `no answer (${code || messageOf(error)})`);
    }
  };
}

function failed(code: Failure['code'], why: string, retryAfterMs = 1_000): Answer {
  return { ok: false, failure: { code, why, retryAfterMs } };
}
