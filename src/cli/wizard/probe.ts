import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import { parseJson } from '#lib/read/json.ts';
import type { CliDeps } from '../deps.ts';

/** One live question to a server, for the wizard: what it said, or in plain words why it did not work. */
export type Probe<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export type ProbeDeps = Pick<CliDeps, 'fetch' | 'clock'>;

export interface Endpoint {
  readonly baseUrl: string;
  readonly apiKey: string | null;
}

const answerMs = 20_000;
/** A small model on a small machine is loaded from disk first. */
const firstAnswerMs = 120_000;
const localMs = 700;

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** GET /models: the names, sorted. */
export async function probeModels(deps: ProbeDeps, endpoint: Endpoint): Promise<Probe<readonly string[]>> {
  const answered = await ask(deps, { ...endpoint, path: '/models', body: null });
  if (!answered.ok) return answered;
  const parsed = modelsSchema.safeParse(answered.value);
  if (!parsed.success) {
    return { ok: false, why: 'The server answered, but not with a list of models. Does the URL end in /v1?' };
  }
  return { ok: true, value: parsed.data.data.map(({ id }) => id).sort() };
}

const chatSchema = z.object({ choices: z.array(z.unknown()).min(1) });

/** The smallest possible question to the model itself. */
export async function probeChat(deps: ProbeDeps, endpoint: Endpoint, model: string): Promise<Probe<null>> {
  const body = { model, messages: [{ role: 'user', content: 'Answer with the one word: ready' }] };
  const answered = await ask(deps, { ...endpoint, path: '/chat/completions', body, ms: firstAnswerMs });
  if (!answered.ok) return answered;
  if (chatSchema.safeParse(answered.value).success) return { ok: true, value: null };
  return { ok: false, why: `${model} answered with something that is no chat completion.` };
}

/** Is a server of this preset running on this machine? */
export async function isRunning(deps: ProbeDeps, baseUrl: string): Promise<boolean> {
  return (await ask(deps, { baseUrl, apiKey: null, path: '/models', body: null, ms: localMs })).ok;
}

export interface Question extends Endpoint {
  /** Instead of the bearer's. */
  readonly authorization?: string;
  readonly path: string;
  /** What to look at where the server knows no such path. Default: about a model's URL. */
  readonly ifNowhere?: string;
  /** Null: a GET. */
  readonly body: unknown;
  readonly ms?: number;
}

/** JSON of one request. What it says of a failure holds neither key nor path. */
export async function ask(deps: ProbeDeps, question: Question): Promise<Probe<unknown>> {
  const { baseUrl, apiKey, path, body, ms = answerMs, ifNowhere = 'Does it end in /v1?' } = question;
  const authorization = question.authorization ?? (apiKey === null ? null : `Bearer ${apiKey}`);
  const host = URL.parse(baseUrl)?.host ?? baseUrl;
  const timeout = new AbortController();
  const cancel = deps.clock.after(ms, () => timeout.abort());
  try {
    const response = await deps.fetch(`${baseUrl.replace(/\/+$/, '')}${path}`, {
      signal: timeout.signal,
      headers: {
        ...(authorization === null ? {} : { authorization }),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (response.ok) return { ok: true, value: await response.json() };
    if (response.status === 404) {
      return { ok: false, why: `${host} answered 404: there is nothing at this URL. ${ifNowhere}` };
    }
    return { ok: false, why: whyStatus(host, response.status, await response.text()) };
  } catch (error) {
    return {
      ok: false,
      why: timeout.signal.aborted ? `${host} did not answer in time.` : whyNot(host, error),
    };
  } finally {
    cancel();
  }
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

function whyStatus(host: string, status: number, text: string): string {
  if (status === 401 || status === 403) return `${host} answered ${status}: it does not take this key.`;
  if (status === 429)
    return `${host} answered 429: the key works, but there is no credit or too much is asked.`;
  const said = errorSchema.safeParse(parseJson(text));
  const detail = said.success ? `: ${said.data.error.message.slice(0, 200)}` : '.';
  return `${host} answered ${status}${detail}`;
}

function whyNot(host: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND') return `There is no server called ${host}, or no network.`;
  if (code === 'EAI_AGAIN') return `${host} cannot be looked up: is there a network?`;
  if (code === 'ECONNREFUSED') return `Nothing listens at ${host}. Is the server started?`;
  return `${host} cannot be reached: ${messageOf(cause)}`;
}
