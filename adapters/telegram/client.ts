import { Api, GrammyError, HttpError } from 'grammy/web';
import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { parseJson } from '#lib/read/json.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { limitBytes } from '#lib/net/limit.ts';
import { within } from '#lib/net/within.ts';
import type { TelegramSettings } from './settings.ts';

/** Why a call brought nothing. No text in it holds the token. */
export interface Failure {
  /**
   * The HTTP status that Telegram, or a proxy in front of it, answered. not-sent: the request surely never left.
   * lost: it left and no answer was read, so it may have been done.
   */
  readonly code: number | 'not-sent' | 'lost';
  readonly why: string;
  readonly retryAfterMs: number | null;
  /** The group became a supergroup with this id; nothing was done. */
  readonly movedTo: number | null;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Bot API calls, one HTTP request each. */
export interface Client {
  /** Never throws for what network or platform do, a ZodError of `run` included; an abort ends it; nothing is tried twice. */
  call<T>(run: (api: Api) => Promise<T>, signal: AbortSignal): Promise<Answer<T>>;
  /** Contract: rejects as `unavailable` with words for people; of a file over Telegram's 20 MB nothing is read. */
  download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

type Fetch = typeof globalThis.fetch;

/** Nothing came back for so long: whatever the socket looks like, nobody is there. */
const callTimeoutMs = 60_000;
const downloadLimitBytes = 20_000_000;
const wrongShape = 'Telegram gave an answer without what it must hold';
const tooBig = 'the file is over the 20 MB that Telegram lets a bot download';

/**
 * grammy's web build: the platform's own fetch and AbortController instead of node-fetch, a third of the load time and
 * memory. Each call has an Api of its own, a small object, because grammy's types know only a polyfill's abort signal.
 */
export function createClient(
  settings: TelegramSettings,
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: ClockPort },
): Client {
  const { token, apiRoot } = settings;
  return { call, download };

  async function call<T>(run: (api: Api) => Promise<T>, signal: AbortSignal): Promise<Answer<T>> {
    if (signal.aborted) return { ok: false, failure: failureOf('not-sent', 'stopped before the call') };
    // grammY's own limit counts by timers of its own and is the longer one.
    const options = { apiRoot, timeoutSeconds: 2 * (callTimeoutMs / 1_000) };
    try {
      const value = await within({ clock, ms: callTimeoutMs, signal }, (both) =>
        run(new Api(token, { ...options, fetch: jsonFetch(fetch, both) })),
      );
      return { ok: true, value };
    } catch (error) {
      if (error instanceof GrammyError) return { ok: false, failure: refusalOf(error, token) };
      if (error instanceof z.ZodError) return { ok: false, failure: failureOf('lost', wrongShape) };
      if (error instanceof HttpError) return { ok: false, failure: networkFailure(error.error, signal) };
      throw error;
    }
  }

  async function download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const found = await call((api) => api.getFile(file.id), signal);
    if (!found.ok) throw noFile(/too big/i.test(found.failure.why) ? tooBig : found.failure.why);
    const { file_path: path, file_size: bytes = 0 } = found.value;
    if (Math.max(bytes, file.bytes ?? 0) > downloadLimitBytes) throw noFile(tooBig);
    // A Bot API server in --local mode names a path on its own disk.
    if (path === undefined || path.startsWith('/')) throw noFile('Telegram offers no download for it');
    const url = `${apiRoot}/file/bot${token}/${path}`;
    const response = await fetch(url, { signal, redirect: 'manual' }).catch((error: unknown) => {
      // Only its words go on: the error may hold the URL, and with it the token.
      throw noFile(networkFailure(error, signal).why);
    });
    if (!response.ok || response.body === null) throw noFile(`Telegram answered ${response.status}`);
    return response.body.pipeThrough(limitBytes(downloadLimitBytes, noFile(tooBig)));
  }
}

/** fetch for grammy: bound to the signal, no redirects (the URL holds the token); a proxy's page becomes an error in JSON. */
function jsonFetch(fetch: Fetch, signal: AbortSignal): Fetch {
  return async (url, init) => {
    const both = AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]);
    const response = await fetch(url, { ...init, signal: both, redirect: 'manual' });
    const text = await response.text();
    if (answerSchema.safeParse(parseJson(text)).success) return new Response(text);
    const description = `HTTP ${response.status} without an answer of the Bot API`;
    return Response.json({ ok: false, error_code: response.status, description });
  };
}

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error_code: z.number(), description: z.string() }),
]);

function refusalOf(error: GrammyError, token: string): Failure {
  const { retry_after: seconds, migrate_to_chat_id: movedTo = null } = error.parameters;
  const moved = movedTo === null ? '' : ` (its id is now ${movedTo})`;
  return {
    code: error.error_code,
    why: `Telegram answered ${error.error_code}: ${error.description.replaceAll(token, '[token]')}${moved}`,
    retryAfterMs: seconds === undefined ? null : seconds * 1000,
    movedTo,
  };
}

function networkFailure(error: unknown, signal: AbortSignal): Failure {
  // Our own gateway did not let it out.
  if (error instanceof TiroError) return failureOf('not-sent', error.message);
  const { left, why } = howItBroke(error, 'Telegram', signal);
  return failureOf(left ? 'lost' : 'not-sent', why);
}

function failureOf(code: 'not-sent' | 'lost', why: string): Failure {
  return { code, why, retryAfterMs: null, movedTo: null };
}

function noFile(why: string): TiroError {
  return new TiroError('unavailable', `The file could not be fetched: ${why}.`);
}
