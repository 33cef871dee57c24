import { z } from 'zod';
import { exitCodeByError, messageOf, TiroError, type TiroErrorCode } from '#core/errors.ts';
import type { CliDeps } from '../deps.ts';

export interface Gateway {
  readonly url: string;
  readonly token: string;
}

export type HttpDeps = Pick<CliDeps, 'fetch' | 'clock'>;

export interface Call {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway that says nothing for this long is stopped or overloaded. */
const answerMs = 60_000;

/** Nobody listens there; nothing was sent. */
export class NobodyThere extends Error {}

/** One request with the token. Rejects with a TiroError for what the gateway refuses, with NobodyThere where none runs. */
export async function callGateway(deps: HttpDeps, gateway: Gateway, call: Call): Promise<unknown> {
  const timeout = new AbortController();
  const cancel = deps.clock.after(answerMs, () => timeout.abort());
  try {
    const response = await request(deps, gateway, { ...call, signal: timeout.signal });
    return await response.json();
  } catch (error) {
    if (error instanceof TiroError || error instanceof NobodyThere) throw error;
    const what = timeout.signal.aborted ? 'does not answer' : `broke the connection (${messageOf(error)})`;
    throw new TiroError('unavailable', `The gateway at ${gateway.url} ${what}.`, { cause: error });
  } finally {
    cancel();
  }
}

/** The response of a request that was accepted; its body is not read yet. */
export async function request(
  deps: Pick<CliDeps, 'fetch'>,
  gateway: Gateway,
  call: Call & { readonly signal: AbortSignal },
): Promise<Response> {
  const { path, method, body, signal } = call;
  const response = await deps
    .fetch(new URL(path, gateway.url), {
      method,
      signal,
      headers: {
        authorization: `Bearer ${gateway.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    .catch((error: unknown) => {
      if (isRefused(error)) throw new NobodyThere(`Nobody listens at ${gateway.url}.`, { cause: error });
      throw error;
    });
  if (!response.ok) throw await toError(response, gateway);
  return response;
}

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

async function toError(response: Response, gateway: Gateway): Promise<TiroError> {
  if (response.status === 401) {
    return new TiroError(
      'denied',
      `The gateway at ${gateway.url} does not take this token. It was started with another TIRO_TOKEN or home.`,
    );
  }
  const parsed = errorSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    return new TiroError('unavailable', `The gateway answered ${response.status} to ${response.url}.`);
  }
  const { code, message } = parsed.data.error;
  return new TiroError(isErrorCode(code) ? code : 'unavailable', message);
}

function isErrorCode(code: string): code is TiroErrorCode {
  return Object.hasOwn(exitCodeByError, code);
}

/** undici puts the system's error into `cause`, and several into an AggregateError when a name has several addresses. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  const all = cause instanceof AggregateError ? cause.errors : [cause];
  return all.some((one) => one instanceof Error && 'code' in one && one.code === 'ECONNREFUSED');
}
