import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { limitBytes } from '#lib/net/limit.ts';
import { within } from '#lib/net/within.ts';
import { parseJson } from '#lib/read/json.ts';
import { explain } from './errors.ts';
import type { CloudSettings } from './settings.ts';

/** Why a call brought nothing. No text in it holds a secret. */
export interface Failure {
  /**
   * refused: Graph answered with an error, and `code` is its number. http: a status that is no answer of Graph.
   * not-sent: the request surely never left. lost: it left and no answer was read, so it may have been done.
   */
  readonly type: 'refused' | 'http' | 'not-sent' | 'lost';
  readonly code: number | null;
  /** Of HTTP; 0 where none came. */
  readonly status: number;
  readonly why: string;
  readonly retryAfterMs: number | null;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** One request, to `path` behind the version. `body`: JSON, or a form with a file. */
export interface Request<T> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>> | FormData;
  readonly answer: z.ZodType<T>;
  /** Default: 60 s. */
  readonly timeoutMs?: number;
}

/** Calls of the Graph API, one HTTP request each. */
export interface Client {
  /** Never throws for what network or platform do; an abort ends it; nothing is tried twice. */
  call<T>(request: Request<T>, signal: AbortSignal): Promise<Answer<T>>;
  /** Contract: rejects as `unavailable` with words for people. The token goes to Meta's hosts only, and never along. */
  download(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

interface ClientDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClockPort;
}

/** Pinned: Meta keeps a version for at least two years. */
const version = 'v25.0';
/** Where Meta keeps what people send. */
const fileHost = 'lookaside.fbsbx.com';
/** Nothing came back for so long: nobody is there. */
const callTimeoutMs = 60_000;
const downloadLimitBytes = 100_000_000;
const mostDetails = 200;

const errorSchema = z.object({
  error: z.object({
    code: z.number().optional(),
    message: z.string().optional(),
    error_data: z.object({ details: z.string().optional() }).optional().catch(undefined),
  }),
});

export function createClient(settings: CloudSettings, { fetch, clock }: ClientDeps): Client {
  const { token, apiRoot } = settings;
  const authorization = `Bearer ${token}`;
  return { call, download: (file, signal) => download({ call, fetch, settings }, file, signal) };

  async function call<T>(request: Request<T>, signal: AbortSignal): Promise<Answer<T>> {
    if (signal.aborted) return { ok: false, failure: stoppedBefore };
    const url = new URL(`${apiRoot}/${version}/${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const init = { ...initOf(request, authorization), redirect: 'manual' } as const;
    try {
      const limit = { clock, ms: request.timeoutMs ?? callTimeoutMs, signal };
      return await within(limit, async (both) => {
        const response = await fetch(url, { ...init, signal: both });
        return read(response, await response.text(), { schema: request.answer, settings });
      });
    } catch (error) {
      return { ok: false, failure: networkFailure(error, signal) };
    }
  }
}

function initOf({ body }: Pick<Request<unknown>, 'body'>, authorization: string): RequestInit {
  if (body === undefined) return { headers: { authorization } };
  if (body instanceof FormData) return { method: 'POST', headers: { authorization }, body };
  const headers = { authorization, 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

function read<T>(
  response: Response,
  text: string,
  { schema, settings }: { readonly schema: z.ZodType<T>; readonly settings: CloudSettings },
): Answer<T> {
  const { ok, status } = response;
  const content = parseJson(text);
  const refusal = errorSchema.safeParse(content).data?.error;
  const asked = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(asked) && asked > 0 ? asked * 1_000 : null;
  if (refusal !== undefined) {
    const code = refusal.code ?? null;
    const details = withoutSecrets(refusal.error_data?.details ?? refusal.message ?? '', settings);
    const why = explain(code, details);
    return { ok: false, failure: { type: 'refused', code, status, why, retryAfterMs } };
  }
  const value = schema.safeParse(content);
  if (ok && value.success) return { ok: true, value: value.data };
  if (ok) return { ok: false, failure: { ...lost('Meta gave an answer without what it must hold'), status } };
  const why = `HTTP ${status} without an answer of the Graph API`;
  return { ok: false, failure: { type: 'http', code: null, status, why, retryAfterMs } };
}

/** Graph repeats in its words what it was sent, a malformed token too: what looks like a key is taken out. */
function withoutSecrets(text: string, { token, appSecret }: CloudSettings): string {
  const bare = text.replaceAll(token, '…').replaceAll(appSecret, '…');
  const line = bare.replaceAll(/[\w|.-]{25,}/g, '…').replaceAll(/[\s\p{C}]+/gu, ' ');
  return line.trim().slice(0, mostDetails).toWellFormed();
}

/** An id → the address, which lives for five minutes → the bytes. */
async function download(
  {
    call,
    fetch,
    settings,
  }: Pick<Client, 'call'> & Pick<ClientDeps, 'fetch'> & { readonly settings: CloudSettings },
  file: FileRef,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  if (!/^\w{1,128}$/.test(file.id)) throw noFile('it has no id that Meta gives');
  const { phoneNumberId, apiRoot, token } = settings;
  const query = { phone_number_id: phoneNumberId };
  const found = await call({ path: file.id, query, answer: mediaSchema }, signal);
  if (!found.ok) throw noFile(found.failure.why);
  const { url, file_size: size } = found.value;
  if ((size ?? 0) > downloadLimitBytes) throw noFile(tooBig);
  if (!isFileHost(url, apiRoot)) throw noFile('it does not lie on a host of Meta');
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal, redirect: 'manual' }).catch((error: unknown) => {
    throw noFile(networkFailure(error, signal).why);
  });
  if (response.status !== 200 || response.body === null) throw noFile(`Meta answered ${response.status}`);
  return response.body.pipeThrough(limitBytes(downloadLimitBytes, noFile(tooBig)));
}

const mediaSchema = z.object({
  url: z.string(),
  // Graph writes it as a number or as text.
  file_size: z.coerce.number().optional().catch(undefined),
});

function isFileHost(url: string, apiRoot: string): boolean {
  const [it, root] = [URL.parse(url), new URL(apiRoot)];
  if (it === null) return false;
  if (it.protocol === 'https:' && it.host === fileHost) return true;
  return it.protocol === root.protocol && it.host === root.host;
}

const tooBig = 'it is over the 100 MB that are read';

function networkFailure(error: unknown, signal: AbortSignal): Failure {
  // Our own gateway did not let it out.
  if (error instanceof TiroError) return notSent(error.message);
  const { left, why } = howItBroke(error, 'Meta', signal);
  return left ? lost(why) : notSent(why);
}

function notSent(why: string): Failure {
  return { type: 'not-sent', code: null, status: 0, why, retryAfterMs: null };
}

function lost(why: string): Failure {
  return { type: 'lost', code: null, status: 0, why, retryAfterMs: null };
}

const stoppedBefore = notSent('stopped before the call');

function noFile(why: string): TiroError {
  return new TiroError('unavailable', `The file could not be fetched: ${why}.`);
}
