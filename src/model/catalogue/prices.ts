import { type Preset, isOwnNetwork, presetOf } from './presets.ts';
import type { ModelFacts, ProviderSettings } from '../settings.ts';

/** USD per million tokens. */
export interface Price {
  readonly in: number;
  readonly cached: number;
  readonly out: number;
}

/**
 * Read on 2026-11-20 from each model's own page under developers.openai.com/api/docs/models/. Prices change: config
 * overrides every one of them. The window of gpt-5.6-luna is 1,050,000, but prompts over 272,000 cost double: kept
 * below that, one price is true for every call.
 */
const listed: Readonly<Record<string, { readonly price: Price; readonly context: number }>> = {
  'gpt-5.6-luna': { price: { in: 0.2, cached: 0.02, out: 1.2 }, context: 272_000 },
  'gpt-5-mini': { price: { in: 0.25, cached: 0.025, out: 2 }, context: 272_000 },
  'gpt-5-nano': { price: { in: 0.05, cached: 0.005, out: 0.4 }, context: 272_000 },
};

export const free: Price = { in: 0, cached: 0, out: 0 };

/** Config first (both directions, half a price is none); then nothing for an own server; then the built-in list, for OpenAI's own address only; else null. */
export function priceOf(provider: ProviderSettings, preset: Preset | null, model: string): Price | null {
  const facts: ModelFacts = provider.models[model] ?? {};
  if (facts.priceIn !== undefined && facts.priceOut !== undefined) {
    return { in: facts.priceIn, cached: facts.priceCached ?? facts.priceIn, out: facts.priceOut };
  }
  if (isFree(provider, preset)) return free;
  return listedBy(preset, model)?.price ?? null;
}

/** The window in tokens: config, the built-in list, the preset's guess, else 32,768. */
export function contextOf(provider: ProviderSettings, preset: Preset | null, model: string): number {
  const configured = provider.models[model]?.context;
  return configured ?? listedBy(preset, model)?.context ?? preset?.contextTokens ?? 32_768;
}

export function costUsd(
  price: Price,
  usage: {
    readonly promptTokens: number;
    readonly cachedTokens: number;
    readonly completionTokens: number;
  },
): number {
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  const fresh = usage.promptTokens - cached;
  return (fresh * price.in + cached * price.cached + usage.completionTokens * price.out) / 1_000_000;
}

function listedBy(preset: Preset | null, model: string): (typeof listed)[string] | undefined {
  if (preset?.name !== 'openai' || !Object.hasOwn(listed, model)) return undefined;
  return listed[model];
}

/** A guess by a port that many servers share frees nobody: behind it may stand a proxy to a paid model. */
function isFree(provider: ProviderSettings, preset: Preset | null): boolean {
  if (preset === null || !preset.local) return false;
  const host = URL.parse(provider.baseUrl)?.hostname ?? '';
  if (!isOwnNetwork(host)) return false;
  return provider.preset !== null || presetOf(provider.baseUrl)?.distinctPort === true;
}
