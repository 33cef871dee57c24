import type { PresetName } from './catalogue/presets.ts';

/** What is known of one model. Prices are USD per million tokens; what is absent is unknown. */
export interface ModelFacts {
  readonly context?: number | undefined;
  readonly priceIn?: number | undefined;
  readonly priceOut?: number | undefined;
  /** Of prompt tokens that the provider took from its cache; absent: they cost `priceIn`. */
  readonly priceCached?: number | undefined;
  readonly vision?: boolean | undefined;
  readonly maxOutput?: number | undefined;
}

export interface ProviderSettings {
  /** With the version path, such as `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Null: no key is sent. */
  readonly apiKey: string | null;
  /** Calls under way at the same time. */
  readonly concurrency: number;
  /** Null: recognised by `baseUrl`, or plain OpenAI-compatible. */
  readonly preset: PresetName | null;
  /** By model name. A model that is not listed can be used all the same; nothing is known of it then. */
  readonly models: Readonly<Record<string, ModelFacts>>;
}

/** The `model` part of the configuration. Names are `provider/model` or bare model names (see names.ts). */
export interface ModelSettings {
  /** Null: the first provider's preset default, else its first configured model, else the first of its `/models`. */
  readonly default: string | null;
  readonly fallback: readonly string[];
  /** For requests of the background lane that name no model. Null: the default. */
  readonly background: string | null;
  /** Hears voice notes. Absent or null: none does. */
  readonly transcription?: string | null;
  /** Empty: the demo model answers. */
  readonly providers: Readonly<Record<string, ProviderSettings>>;
}
