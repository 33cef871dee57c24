import { z } from 'zod';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { Recording, Transcribed, TranscriptionPort } from '#core/ports/media.ts';
import { backoffMs } from '#lib/backoff.ts';
import { createGate } from '#lib/flow/gate.ts';
import { within } from '#lib/net/within.ts';
import { type Target, targetNamed } from './catalogue/names.ts';
import { type Price, costUsd } from './catalogue/prices.ts';
import type { ModelSettings, ProviderSettings } from './settings.ts';
import { type ClientFor, type Fetch, createClients } from './wire/client.ts';
import { classify } from './wire/refusal/classify.ts';
import { type Facts, factsOf } from './wire/refusal/facts.ts';
import { redactorFor } from './wire/refusal/secrets.ts';

export interface TranscriptionDeps {
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly log: LogPort;
  readonly fetch?: Fetch;
}

export interface TranscriptionLimits {
  readonly callMs: number;
  readonly tries: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number; readonly jitter: number };
}

const defaultLimits: TranscriptionLimits = {
  callMs: 90_000,
  tries: 3,
  backoff: { firstMs: 1_000, maxMs: 8_000, jitter: 0.2 },
};

/** What the endpoint takes (platform.openai.com/docs/guides/speech-to-text). */
const mostBytes = 25_000_000;
/** At once, whatever the provider allows: a recording is in memory while it is sent. */
const mostCalls = 2;
/** Voice is at least some 1,500 bytes a second, and a second some 10 tokens in and 5 out: both far on the high side. */
const bytesPerToken = { in: 100, out: 200 } as const;

/** By these servers know the format; the name is a part of the form. */
const extensions: readonly (readonly [RegExp, string])[] = [
  [/ogg|opus/, 'ogg'],
  [/mpeg|mp3/, 'mp3'],
  [/mp4|m4a|aac/, 'm4a'],
  [/wav/, 'wav'],
  [/webm/, 'webm'],
  [/flac/, 'flac'],
];

/** Errors of a connection that was never made: surely nothing was done. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const answerSchema = z.object({
  text: z.string().max(200_000),
  usage: z
    .object({ input_tokens: z.number().nonnegative(), output_tokens: z.number().nonnegative() })
    .nullish()
    .catch(null),
});

interface Station {
  readonly deps: TranscriptionDeps;
  readonly limits: TranscriptionLimits;
  readonly clientFor: ClientFor;
}

interface Task {
  readonly target: Target & { readonly endpoint: ProviderSettings };
  readonly recording: Recording;
  readonly extension: string;
  readonly beforeCall: () => Promise<void>;
}

/** recording → POST /audio/transcriptions of the configured provider → its words. `settings` is read at each use. */
export function createTranscription(
  deps: TranscriptionDeps,
  settings: () => ModelSettings,
  limits: TranscriptionLimits = defaultLimits,
): TranscriptionPort {
  const station = { deps, limits, clientFor: createClients(deps.fetch) };
  const enter = createGate(mostCalls);
  return {
    estimate(bytes) {
      const target = configured(settings());
      if (target === null) return null;
      const { label, price } = target;
      const tokens = { in: Math.ceil(bytes / bytesPerToken.in), out: Math.ceil(bytes / bytesPerToken.out) };
      const upperUsd = price === null ? null : (tokens.in * price.in + tokens.out * price.out) / 1_000_000;
      return { model: label, upperUsd };
    },
    async transcribe(recording, beforeCall, signal) {
      const target = configured(settings());
      if (target === null) return failed('no model for transcription is configured');
      const named = extensions.find(([mime]) => mime.test(recording.mime));
      if (named === undefined)
        return failed(`recordings of the type ${recording.mime} cannot be transcribed`);
      if (recording.bytes.byteLength > mostBytes) return failed('the recording is over 25 MB');
      return enter(() => ask(station, { target, recording, extension: named[1], beforeCall }, signal));
    },
  };
}

async function ask(station: Station, task: Task, signal: AbortSignal): Promise<Transcribed> {
  const { deps, limits } = station;
  const { label, endpoint } = task.target;
  for (let tries = 1; ; tries += 1) {
    if (signal.aborted) return failed('it was stopped');
    await task.beforeCall();
    const said = await askOnce(station, task, signal);
    if ('ok' in said) return said;
    const { facts, thrown } = said;
    const { reason, retryAfterMs } = classify(facts, label, redactorFor(endpoint));
    deps.log.warn('transcription.failed', { model: label, reason });
    const pause = Math.max(backoffMs(limits.backoff, tries, deps.random), retryAfterMs ?? 0);
    const again = facts.status === 429 || neverConnected.has(facts.network);
    if (!again || tries >= limits.tries || pause > 2 * limits.backoff.maxMs) {
      const why = signal.aborted ? 'it was stopped' : `it could not be transcribed: ${reason}`;
      return { ok: false, why, mayBeBilled: !costsNothing(facts) && !isOurs(thrown) };
    }
    await deps.clock.sleep(pause, signal);
  }
}

type Thrown = { readonly facts: Facts; readonly thrown: unknown };

async function askOnce(
  { deps, limits, clientFor }: Station,
  { target, recording, extension }: Task,
  outer: AbortSignal,
): Promise<Transcribed | Thrown> {
  const { openai } = await clientFor(target.provider, target.endpoint);
  const file = new File([recording.bytes], `voice.${extension}`, { type: recording.mime });
  try {
    return await within({ clock: deps.clock, ms: limits.callMs, signal: outer }, async (signal) => {
      const body = { file, model: target.model ?? '', response_format: 'json' } as const;
      const answer: unknown = await openai.audio.transcriptions.create(body, { signal });
      return wordsIn(answer, target.price);
    });
  } catch (thrown) {
    return { facts: factsOf(thrown, deps.clock.now()), thrown };
  }
}

function configured(settings: ModelSettings): (Target & { readonly endpoint: ProviderSettings }) | null {
  if (settings.transcription === null || settings.transcription === undefined) return null;
  const target = targetNamed(settings, settings.transcription);
  return target.endpoint === null ? null : { ...target, endpoint: target.endpoint };
}

function wordsIn(answer: unknown, price: Price | null): Transcribed {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success)
    return { ok: false, why: 'it could not be transcribed: the answer is none', mayBeBilled: true };
  const { text, usage } = parsed.data;
  if (usage === null || usage === undefined)
    return { ok: true, text, usage: null, costUsd: freeOrUnknown(price) };
  const tokens = { promptTokens: usage.input_tokens, cachedTokens: 0, completionTokens: usage.output_tokens };
  return { ok: true, text, usage: tokens, costUsd: price === null ? null : costUsd(price, tokens) };
}

/** A server that bills by the minute sends no tokens; only what is free is known to cost nothing then. */
function freeOrUnknown(price: Price | null): number | null {
  return price !== null && price.in === 0 && price.out === 0 ? 0 : null;
}

function costsNothing({ status, network }: Facts): boolean {
  return (
    (status !== null && status >= 400 && status < 500) || (status === null && neverConnected.has(network))
  );
}

/** Stopped by ourselves before it left. */
function isOurs(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TiroError';
}

function failed(why: string): Transcribed {
  return { ok: false, why, mayBeBilled: false };
}
