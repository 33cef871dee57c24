import { type Preset, presetOf, presets } from './presets.ts';
import { type Price, contextOf, free, priceOf } from './prices.ts';
import type { ModelSettings, ProviderSettings } from '../settings.ts';

const demoLabel = 'demo/demo';

/** One model that a request may go to. */
export interface Target {
  /** `provider/model`; how the model is called in replies, logs and the ledger. */
  readonly label: string;
  readonly provider: string;
  /** Null: not named anywhere; the server's `/models` must be asked first. */
  readonly model: string | null;
  /** Null for the demo. */
  readonly endpoint: ProviderSettings | null;
  readonly preset: Preset | null;
  readonly price: Price | null;
  readonly contextTokens: number;
  readonly maxOutput: number;
  /** It sees pictures. */
  readonly vision: boolean;
}

export interface Wanted {
  readonly model: string | null;
  readonly lane: 'interactive' | 'background';
}

/** Models that a server named first in its `/models`, by provider. */
export type Discovered = ReadonlyMap<string, string>;

/**
 * The models to try, in order and without repeats: the wanted one, then the fallbacks. Never empty; with no provider
 * configured it is the demo alone.
 */
export function chainOf(settings: ModelSettings, wanted: Wanted, discovered: Discovered): readonly Target[] {
  const background = wanted.lane === 'background' ? settings.background : null;
  const primary = wanted.model ?? background ?? settings.default;
  const targets = [primary, ...settings.fallback].map((name) => resolveName(settings, name, discovered));
  return targets.filter((target, at) => targets.findIndex((other) => other.label === target.label) === at);
}

/** The model of this name, for what is not asked of a chain. */
export function targetNamed(settings: ModelSettings, name: string): Target {
  return resolveName(settings, name, new Map());
}

/** Every configured name, the default first. */
export function configuredNames(settings: ModelSettings, discovered: Discovered): readonly string[] {
  const named = [settings.default, ...settings.fallback, settings.background ?? settings.default];
  const labels = named.map((name) => resolveName(settings, name, discovered).label);
  const rest = Object.entries(settings.providers).flatMap(([provider, { models }]) =>
    Object.keys(models).map((model) => `${provider}/${model}`),
  );
  return [...new Set([...labels, ...rest])];
}

/** `x/y` is provider and model only where x is configured; any other text is a model name, slashes and all. */
function resolveName(settings: ModelSettings, name: string | null, discovered: Discovered): Target {
  const providers = settings.providers;
  const first = Object.keys(providers)[0];
  if (first === undefined || (name === demoLabel && !Object.hasOwn(providers, 'demo'))) return demoTarget;
  if (name === null) return unnamedTarget(settings, first, discovered);
  const qualified = splitName(settings, name);
  if (qualified !== null) return targetOf(settings, qualified.provider, qualified.model);
  const owner = Object.keys(providers).find((key) => Object.hasOwn(providers[key]?.models ?? {}, name));
  const home = settings.default === null ? null : splitName(settings, settings.default);
  return targetOf(settings, owner ?? home?.provider ?? first, name);
}

function splitName(settings: ModelSettings, name: string): { provider: string; model: string } | null {
  const slash = name.indexOf('/');
  const provider = name.slice(0, Math.max(0, slash));
  const model = name.slice(slash + 1);
  return Object.hasOwn(settings.providers, provider) && model !== '' ? { provider, model } : null;
}

function unnamedTarget(settings: ModelSettings, provider: string, discovered: Discovered): Target {
  const endpoint = settings.providers[provider];
  const preset = endpoint === undefined ? null : presetFor(endpoint);
  const listed = Object.keys(endpoint?.models ?? {})[0];
  const model = preset?.defaultModel ?? listed ?? discovered.get(provider);
  if (model !== undefined) return targetOf(settings, provider, model);
  return { ...targetOf(settings, provider, ''), label: `${provider}/(first model)`, model: null };
}

function targetOf(settings: ModelSettings, provider: string, model: string): Target {
  const endpoint = settings.providers[provider];
  if (endpoint === undefined) return demoTarget;
  const preset = presetFor(endpoint);
  return {
    label: `${provider}/${model}`,
    provider,
    model,
    endpoint,
    preset,
    price: priceOf(endpoint, preset, model),
    contextTokens: contextOf(endpoint, preset, model),
    maxOutput: endpoint.models[model]?.maxOutput ?? Number.POSITIVE_INFINITY,
    vision: endpoint.models[model]?.vision ?? preset?.vision ?? false,
  };
}

function presetFor(endpoint: ProviderSettings): Preset | null {
  return endpoint.preset === null ? presetOf(endpoint.baseUrl) : presets[endpoint.preset];
}

const demoTarget: Target = {
  label: demoLabel,
  provider: 'demo',
  model: 'demo',
  endpoint: null,
  preset: null,
  price: free,
  contextTokens: 32_768,
  maxOutput: Number.POSITIVE_INFINITY,
  vision: false,
};
