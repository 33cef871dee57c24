import { openAsBlob } from 'node:fs';
import {
  LogLevel,
  type Logger,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { limitBytes } from '#lib/net/limit.ts';
import { within } from '#lib/net/within.ts';
import { parseJson } from '#lib/read/json.ts';

/** Why a call brought nothing. No text in it holds a token. */
export interface Failure {
  /**
   * refused: Slack answered `ok: false`, and `word` is its error. http: a status that is no answer of the Web API.
   * not-sent: the request surely never left. lost: it left and no answer was read, so it may have been done.
   */
  readonly type: 'refused' | 'rate-limited' | 'http' | 'not-sent' | 'lost';
  readonly word: string;
  readonly why: string;
  readonly retryAfterMs: number | null;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Web API calls, one HTTP request each. */
export interface Client {
  /** Never throws for what network or platform do, a ZodError of `run` included; an abort ends it; nothing is tried twice. */
  call<T>(run: (api: WebClient) => Promise<T>, signal: AbortSignal): Promise<Answer<T>>;
  /** The bytes of a file to an address that Slack gave for it; refused where it is not Slack's file host. */
  upload(url: string, path: string, signal: AbortSignal): Promise<Answer<null>>;
  /** Contract: rejects as `unavailable` with words for people. The token goes to Slack's file host only, and never along. */
  download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

interface ClientDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClockPort;
}

/** Nothing came back for so long: whatever the socket looks like, nobody is there. */
const callTimeoutMs = 60_000;
const uploadTimeoutMs = 240_000;
const downloadLimitBytes = 100_000_000;
/** Should a 429 ever not say how long. */
const unsaidRetrySeconds = 5;

/** Its log would hold what is sent and received. */
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

/** For Slack's clients: one request a call, nothing logged, ended by the signal. */
export function webOptions(
  apiRoot: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): WebClientOptions & { readonly logger: Logger } {
  const once = { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, allowAbsoluteUrls: false };
  return { ...once, slackApiUrl: apiRoot, logger: silent, fetch: plainFetch(fetch, signal) };
}

/** Each call has a client of its own, made in 0.06 ms: Slack's takes no signal for a call, but a `fetch`. */
export function createClient(
  { token, apiRoot }: { readonly token: string; readonly apiRoot: string },
  { fetch, clock }: ClientDeps,
): Client {
  const deps = { fetch, clock, apiRoot };
  return { call, upload: (url, path, signal) => upload(deps, { url, path }, signal), download };

  async function call<T>(run: (api: WebClient) => Promise<T>, signal: AbortSignal): Promise<Answer<T>> {
    if (signal.aborted) return { ok: false, failure: stoppedBefore };
    try {
      const value = await within({ clock, ms: callTimeoutMs, signal }, (both) =>
        run(new WebClient(token, webOptions(apiRoot, fetch, both))),
      );
      return { ok: true, value };
    } catch (error) {
      return { ok: false, failure: failureOf(error, signal) };
    }
  }

  async function download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const found = await call(
      async (api) => infoSchema.parse(await api.files.info({ file: file.id })),
      signal,
    );
    if (!found.ok) throw noFile(found.failure.why);
    const { size, url_private_download: direct, url_private: shown, mimetype } = found.value.file;
    const url = direct ?? shown ?? '';
    if (Math.max(size, file.bytes ?? 0) > downloadLimitBytes) throw noFile(tooBig);
    if (!isFileHost(url, apiRoot)) throw noFile('it does not lie on the file host of Slack');
    const headers = { authorization: `Bearer ${token}` };
    const getting = fetch(url, { headers, signal, redirect: 'manual' });
    const response = await getting.catch((error: unknown) => {
      throw noFile(networkFailure(error, signal).why);
    });
    if (response.status !== 200 || response.body === null) throw noFile(`Slack answered ${response.status}`);
    // Slack answers a token that may not read files with its page to log in.
    const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false;
    if (isPage && !mimetype.startsWith('text/html')) throw noFile('the token lacks the scope files:read');
    return response.body.pipeThrough(limitBytes(downloadLimitBytes, noFile(tooBig)));
  }
}

async function upload(
  { fetch, clock, apiRoot }: ClientDeps & { readonly apiRoot: string },
  { url, path }: { readonly url: string; readonly path: string },
  signal: AbortSignal,
): Promise<Answer<null>> {
  if (signal.aborted) return { ok: false, failure: stoppedBefore };
  if (!isFileHost(url, apiRoot)) return { ok: false, failure: strangeHost };
  try {
    const init = { method: 'POST', body: await openAsBlob(path), redirect: 'manual' } as const;
    const limit = { clock, ms: uploadTimeoutMs, signal };
    const { status } = await within(limit, (both) => fetch(url, { ...init, signal: both }));
    return status === 200
      ? { ok: true, value: null }
      : { ok: false, failure: httpFailure(status, 'for the upload') };
  } catch (error) {
    return { ok: false, failure: networkFailure(error, signal) };
  }
}

const infoSchema = z.object({
  file: z.object({
    size: z.number().default(0),
    mimetype: z.string().default(''),
    url_private: z.string().optional(),
    url_private_download: z.string().optional(),
  }),
});

/** Slack's own words, one line, whatever came instead of an answer. No redirects: the header holds the token. */
function plainFetch(fetch: typeof globalThis.fetch, signal: AbortSignal): typeof globalThis.fetch {
  return async (url, init) => {
    const both = AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]);
    const response = await fetch(url, { ...init, signal: both, redirect: 'manual' });
    const text = await response.text();
    const headers = new Headers(response.headers);
    headers.delete('content-encoding');
    if (response.status === 429 && !/^\d+$/.test(headers.get('retry-after') ?? ''))
      headers.set('retry-after', String(unsaidRetrySeconds));
    const isAnswer = answerSchema.safeParse(parseJson(text)).success;
    if (response.ok && !isAnswer) return new Response('', { status: 502 });
    return new Response(response.ok ? text : '', { status: response.status, headers });
  };
}

const answerSchema = z.object({ ok: z.boolean() });

/** Is it where Slack keeps files: the host of the API, or `files.` of it. */
function isFileHost(url: string, apiRoot: string): boolean {
  const [it, root] = [URL.parse(url), new URL(apiRoot)];
  return it?.protocol === root.protocol && [root.host, `files.${root.host}`].includes(it.host);
}

const tooBig = 'it is over the 100 MB that are read';

/** What Slack's client threw, as a failure. Contract: throws on what it does not know, which is a defect. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof WebAPIPlatformError) {
    const word = error.data.error.slice(0, 100);
    const needed = 'needed' in error.data ? ` (it lacks ${String(error.data['needed'])})` : '';
    return { type: 'refused', word, why: `Slack answered ${word}${needed}`, retryAfterMs: null };
  }
  if (error instanceof WebAPIRateLimitedError) {
    const [retryAfterMs, why] = [error.retryAfter * 1000, 'Slack asks for a pause (ratelimited)'];
    return { type: 'rate-limited', word: 'ratelimited', why, retryAfterMs };
  }
  if (error instanceof WebAPIHTTPError)
    return httpFailure(error.statusCode, 'without an answer of the Web API');
  if (error instanceof WebAPIRequestError) return networkFailure(error.original, signal);
  if (error instanceof z.ZodError) return failure('lost', 'Slack gave an answer without what it must hold');
  throw error;
}

function httpFailure(status: number, what: string): Failure {
  return { type: 'http', word: String(status), why: `HTTP ${status} ${what}`, retryAfterMs: null };
}

function networkFailure(error: unknown, signal: AbortSignal): Failure {
  // Our own gateway did not let it out.
  if (error instanceof TiroError) return failure('not-sent', error.message);
  const { left, why } = howItBroke(error, 'Slack', signal);
  return failure(left ? 'lost' : 'not-sent', why);
}

function failure(type: 'not-sent' | 'lost', why: string): Failure {
  return { type, word: '', why, retryAfterMs: null };
}

const stoppedBefore = failure('not-sent', 'stopped before the call');
const strangeHost = failure('not-sent', 'the upload address is not on the file host of Slack');

function noFile(why: string): TiroError {
  return new TiroError('unavailable', `The file could not be fetched: ${why}.`);
}
