import type { LogPort } from '#core/ports/clock.ts';
import type { ModelPort } from '#core/ports/model.ts';
import { createClock } from '#lib/clock.ts';
import { type ModelLimits, defaultLimits } from '../limits.ts';
import { createModel } from '../index.ts';
import type { ModelSettings, ProviderSettings } from '../settings.ts';

export const silentLog: LogPort = { info: () => {}, warn: () => {}, error: () => {} };

/** Waits a thousandth of the product's, so that a test sees several rounds in a moment. */
export const shortLimits: ModelLimits = {
  ...defaultLimits,
  idleMs: 20_000,
  totalMs: 20_000,
  backoff: { firstMs: 5, maxMs: 20, jitter: 0.2 },
};

export function providerAt(baseUrl: string, more: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    baseUrl,
    apiKey: 'sk-test-0123456789abcdef',
    concurrency: 8,
    preset: null,
    models: { large: { context: 100_000, priceIn: 1, priceOut: 4, priceCached: 0.1 } },
    ...more,
  };
}

/** `main/large` at the first address, `backup/large` as its fallback at the second. */
export function settingsFor(main: string, backup?: string): ModelSettings {
  const providers = { main: providerAt(main) };
  return backup === undefined
    ? { default: 'main/large', fallback: [], background: null, providers }
    : {
        default: 'main/large',
        fallback: ['backup/large'],
        background: null,
        providers: { ...providers, backup: providerAt(backup) },
      };
}

export function modelWith(settings: ModelSettings, limits: Partial<ModelLimits> = {}): ModelPort {
  return createModel({ clock: createClock(), random: { next: () => 0.5 }, log: silentLog }, () => settings, {
    ...shortLimits,
    ...limits,
  });
}
