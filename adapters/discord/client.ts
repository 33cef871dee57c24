import { DiscordAPIError, HTTPError, RateLimitError, REST, RequestMethod } from '@discordjs/rest';
import { z } from 'zod';
import { TiroError, messageOf } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { limitBytes } from '#lib/net/limit.ts';
import { within } from '#lib/net/within.ts';
import type { DiscordSettings } from './settings.ts';

/** Why a call brought nothing. No text in it holds the token. */
export interface Failure {
  /**
   * The HTTP status that Discord, or a proxy in front of it, answered. not-sent: the request surely never left.
   * lost: it left and no answer was read, so it may have been done.
   */
  readonly code: number | 'not-sent' | 'lost';
  readonly why: string;
  /** Discord's own number for what is wrong, such as 50013. */
  readonly reason?: number;
  readonly retryAfterMs?: number;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export interface Request {
  readonly method?: RequestMethod;
  readonly path: `/${string}`;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly file?: { readonly name: string; readonly contentType: string; readonly data: Buffer };
  /** False: the path holds a token of its own. */
  readonly auth?: boolean;
}

/** REST calls, one HTTP request each. */
export interface Client {
  /** Never throws for what network or platform do; an abort ends it; nothing is tried twice. */
  call<T>(request: Request, schema: z.ZodType<T>, signal: AbortSignal): Promise<Answer<T>>;
  /**
   * After a refusal of the token no request leaves any more (10,000 refused ones in ten minutes ban the address) until
   * this is called.
   */
  trustToken(): void;
  /** Contract: rejects as `unavailable` with words for people; of a file over the limit nothing is read. */
  download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Ends the library's timers. */
  close(): void;
}

type Fetch = typeof globalThis.fetch;

/** Nothing came back for so long: whatever the socket looks like, nobody is there. */
const callTimeoutMs = 60_000;
const downloadLimitBytes = 25_000_000;
const tooBig = 'it is over the 25 MB that are taken';
const fileHosts = new Set(['https://cdn.discordapp.com', 'https://media.discordapp.net']);

const holderSchema = z.object({
  attachments: z.array(z.object({ id: z.string(), url: z.string(), size: z.number() })).default([]),
});
/** Those of the message, and those of a message that it forwards. */
const attachmentsSchema = holderSchema
  .extend({ message_snapshots: z.array(z.object({ message: holderSchema })).default([]) })
  .transform((it) => [it, ...it.message_snapshots.map(({ message }) => message)])
  .transform((holders) => holders.flatMap(({ attachments }) => attachments));

/**
 * discord.js's own REST client with our fetch, which asks right before each request whether this gateway still has the
 * home. Its retries and its waiting for rate limits are off: the outbox decides when something is sent again.
 */
export function createClient(
  { token, apiRoot }: DiscordSettings,
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: ClockPort },
): Client {
  const rest = new REST({
    api: apiRoot,
    version: '10',
    retries: 0,
    rejectOnRateLimit: () => true,
    timeout: 2 * callTimeoutMs, // ours is the shorter one
    makeRequest: (url, init) => fetch(url, { ...requestInit(init), redirect: 'manual' }),
  }).setToken(token);
  return {
    call,
    trustToken: () => void rest.setToken(token),
    download: createDownload({ fetch, call, home: new URL(apiRoot).origin }),
    close: () => {
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };

  async function call<T>(request: Request, schema: z.ZodType<T>, signal: AbortSignal): Promise<Answer<T>> {
    if (signal.aborted) return { ok: false, failure: { code: 'not-sent', why: 'stopped before the call' } };
    const { path: fullRoute, method = RequestMethod.Get, query, file, ...other } = request;
    const files = file && { files: [file] };
    const options = {
      ...other,
      ...files,
      fullRoute,
      method,
      ...(query && { query: new URLSearchParams(query) }),
    };
    try {
      const value: unknown = await within({ clock, ms: callTimeoutMs, signal }, (both) =>
        rest.request({ ...options, signal: both }),
      );
      const read = schema.safeParse(value);
      if (read.success) return { ok: true, value: read.data };
      return {
        ok: false,
        failure: { code: 'lost', why: 'Discord gave an answer without what it must hold' },
      };
    } catch (error) {
      const failure = failureOf(error, signal);
      return { ok: false, failure: { ...failure, why: failure.why.replaceAll(token, '[token]') } };
    }
  }
}

/** `home`: where the API is. Files of another server than Discord's lie there. */
function createDownload({
  fetch,
  call,
  home,
}: Pick<Client, 'call'> & { readonly fetch: Fetch; readonly home: string }): Client['download'] {
  return async (file, signal) => {
    const [, channel, message, attachment] = /^(\d+)\/(\d+)\/(\d+)$/.exec(file.id) ?? [];
    if (attachment === undefined) throw noFile('its id is none of Discord');
    // Links expire after a day: the message is asked for a fresh one.
    const found = await call({ path: `/channels/${channel}/messages/${message}` }, attachmentsSchema, signal);
    if (!found.ok) throw noFile(found.failure.why);
    const here = found.value.find(({ id }) => id === attachment);
    if (here === undefined) throw noFile('the message no longer has it');
    if (here.size > downloadLimitBytes) throw noFile(tooBig);
    const origin = URL.parse(here.url)?.origin ?? '';
    if (!fileHosts.has(origin) && origin !== home)
      throw noFile("its link leads elsewhere than to Discord's file host");
    const response = await fetch(here.url, { signal, redirect: 'manual' }).catch((error: unknown) => {
      throw noFile(failureOf(error, signal).why);
    });
    if (!response.ok || response.body === null) throw noFile(`Discord answered ${response.status}`);
    return response.body.pipeThrough(limitBytes(downloadLimitBytes, noFile(tooBig)));
  };
}

type LibraryInit = Parameters<REST['options']['makeRequest']>[1];

/** The library speaks of undici's fetch, of which Node's own is a build: same shapes under other names. */
function requestInit({ method, headers, body, signal }: LibraryInit): RequestInit {
  const named = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
  const sent = typeof body === 'string' || body instanceof FormData ? { body } : {};
  return { method: method ?? 'GET', headers: named, ...sent, ...(signal && { signal }) };
}

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof RateLimitError) {
    const ms = Math.ceil(Math.max(error.timeToReset, error.retryAfter, error.sublimitTimeout, 0));
    const what = error.global ? 'all calls of this bot' : 'calls like this one';
    return { code: 429, why: `Discord limits ${what} for ${ms} ms`, retryAfterMs: ms };
  }
  if (error instanceof DiscordAPIError) {
    const words = error.message.replaceAll(/\s+/g, ' ');
    const why = `Discord answered ${error.status} (${error.code}): ${words}`;
    return { code: error.status, why, ...(typeof error.code === 'number' && { reason: error.code }) };
  }
  if (error instanceof HTTPError) return { code: error.status, why: `Discord answered ${error.status}` };
  // Our own gateway did not let it out.
  if (error instanceof TiroError) return { code: 'not-sent', why: error.message };
  // The library forgets a token that was refused, and sends nothing without one.
  if (messageOf(error).startsWith('Expected token'))
    return { code: 401, why: 'Discord refused the bot token before; nothing is sent with it' };
  const { left, why } = howItBroke(error, 'Discord', signal);
  return { code: left ? 'lost' : 'not-sent', why };
}

function noFile(why: string): TiroError {
  return new TiroError('unavailable', `The file could not be fetched: ${why}.`);
}
