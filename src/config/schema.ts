import { z } from 'zod';
import { channelSchemas } from './channels.ts';
import { amount, count, httpUrl, secret, section, text } from './document/fields.ts';
import { booleanFromText, isIdentity, isLanguage, isTimezone, numberFromText } from './document/values.ts';

/**
 * The keys of config.yaml that exist in this version, with their defaults. Objects are strict: a key that stands here
 * is read, any other is reported. Fields are present after loading, null where nothing was given; of a model only what
 * is known.
 */

const modelEntry = z.strictObject({
  /** Tokens of prompt and answer together. */
  context: count.optional(),
  /** USD per million tokens. */
  priceIn: amount.optional(),
  priceOut: amount.optional(),
  priceCached: amount.optional(),
  vision: z.preprocess(booleanFromText, z.boolean()).optional(),
  maxOutput: count.optional(),
});

/** The servers that src/model knows by name. */
export const presetNames = [
  'openai',
  'openrouter',
  'anthropic',
  'gemini',
  'ollama',
  'vllm',
  'lmstudio',
  'llamacpp',
] as const;
export type PresetName = (typeof presetNames)[number];

const provider = z
  .strictObject({
    preset: z.enum(presetNames).nullable().default(null),
    baseUrl: httpUrl.nullable().default(null),
    apiKey: secret.nullable().default(null),
    concurrency: z.preprocess(numberFromText, z.int().min(1).max(1024)).default(8),
    models: section(z.record(text, section(modelEntry)).default({})),
  })
  .refine((value) => value.preset !== null || value.baseUrl !== null, {
    path: ['baseUrl'],
    error: 'is missing, and no preset is named',
  });

const model = z.strictObject({
  default: text.nullable().default(null),
  fallback: z.array(text).default([]),
  background: text.nullable().default(null),
  transcription: text.nullable().default(null),
  providers: section(
    z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/), section(provider)).default({}),
  ),
});

const person = z.strictObject({
  role: z.enum(['owner', 'member']),
  identities: z.array(z.string().refine(isIdentity, 'must be channel:id, such as telegram:7')).default([]),
  timezone: z.string().refine(isTimezone, 'must be a time zone such as Europe/Rome').nullable().default(null),
  language: z.string().refine(isLanguage, 'must be a language such as it or pt-BR').nullable().default(null),
  approve: z.enum(['own']).nullable().default(null),
});

/** Handles name memory folders. Those that begin with api- or guest- are kept for users of the API and for strangers. */
const handlePattern = /^(?!api-|guest-)[a-z0-9][a-z0-9_-]{0,31}$/;

export const configSchema = z.strictObject({
  model: section(model.prefault({})),
  channels: section(z.strictObject(channelSchemas).prefault({})),
  people: section(z.record(z.string().regex(handlePattern), section(person)).default({})),
  access: section(
    z
      .strictObject({
        dm: z.enum(['pairing', 'allowlist', 'open']).default('pairing'),
        groups: z.enum(['mention', 'all', 'off']).default('mention'),
      })
      .prefault({}),
  ),
  conversation: section(
    z
      .strictObject({
        queue: z.enum(['queue', 'steer', 'interrupt']).default('queue'),
        coalesceMs: z.preprocess(numberFromText, z.int().min(0).max(60_000)).default(700),
        staleHours: amount.default(6),
        /** Turns that a member may start in a minute; a guest a fifth of it, the owner as many as there are. 0: no limit. */
        turnsPerMinute: z.preprocess(numberFromText, z.int().min(0).max(6_000)).default(60),
      })
      .prefault({}),
  ),
  budget: section(
    z
      .strictObject({
        perTurnUsd: amount.default(0.5),
        perPersonDayUsd: amount.default(5),
        guestDayUsd: amount.default(0.2),
      })
      .prefault({}),
  ),
});

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** config.yaml as read, with every default filled in. */
export type ConfigFile = Frozen<z.infer<typeof configSchema>>;
/** A provider with its address known: given, or that of its preset. */
export type ProviderSettings = ConfigFile['model']['providers'][string] & { readonly baseUrl: string };
export type ModelSettings = Omit<ConfigFile['model'], 'providers'> & {
  readonly providers: Readonly<Record<string, ProviderSettings>>;
};
/** By platform; null where it is not configured. */
export type ChannelSettings = {
  readonly [K in keyof ConfigFile['channels']]-?: NonNullable<ConfigFile['channels'][K]> | null;
};

/** Keys of the whole design that this version does not have: reported, never fatal. */
export const laterKeys: ReadonlySet<string> = new Set([
  'policy',
  'sandbox',
  'search',
  'memory',
  'optimise',
  'model.embeddings',
  'budget.perConversationUsd',
  'budget.perMinuteUsd',
]);
