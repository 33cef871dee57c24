import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
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
  const answered = await ask(deps, { ...endpoint, path: '/models', body: null, ms: answerMs });
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

const botSchema = z.object({ ok: z.literal(true), result: z.object({ username: z.string() }) });

/** getMe: the name of the bot a token belongs to. */
export async function probeTelegram(deps: ProbeDeps, token: string): Promise<Probe<string>> {
  const baseUrl = `https://api.telegram.org/bot${token}`;
  const answered = await ask(deps, { baseUrl, apiKey: null, path: '/getMe', body: null, ms: answerMs });
  if (!answered.ok) {
    const isUnknown = /answered (401|404)/.test(answered.why);
    return isUnknown ? { ok: false, why: 'Telegram does not know this token.' } : answered;
  }
  const parsed = botSchema.safeParse(answered.value);
  if (!parsed.success) return { ok: false, why: 'Telegram answered with something unexpected.' };
  return { ok: true, value: parsed.data.result.username };
}

interface Question extends Endpoint {
  readonly path: string;
  readonly body: unknown;
  readonly ms: number;
}

async function ask(deps: ProbeDeps, question: Question): Promise<Probe<unknown>> {
  const { baseUrl, apiKey, path, body, ms } = question;
  const host = URL.parse(baseUrl)?.host ?? baseUrl;
  const timeout = new AbortController();
  const cancel = deps.clock.after(ms, () => timeout.abort());
  try {
    const response = await deps.fetch(`${baseUrl.replace(/\/+$/, '')}${path}`, {
      signal: timeout.signal,
      headers: {
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (response.ok) return { ok: true, value: await response.json() };
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
  if (status === 404) return `${host} answered 404: there is nothing at this URL. Does it end in /v1?`;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // whyStatus then says the status alone
  }
}
