import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { ModelEstimate, ModelPort, ModelRequest } from '#core/ports/model.ts';
import { createAsk } from './ask.ts';
import { createAttempt } from './attempt.ts';
import { createCall } from './call.ts';
import { type Target, chainOf, configuredNames } from './catalogue/names.ts';
import { createPromptSize, createTokenMeter } from './catalogue/tokens.ts';
import { createDiscovery } from './discover.ts';
import { type ModelLimits, defaultLimits } from './limits.ts';
import { createHealth } from './queue/health.ts';
import { createPlaces } from './queue/places.ts';
import type { ModelSettings } from './settings.ts';
import type { Fetch } from './wire/client.ts';
import { createExchange } from './wire/exchange.ts';
import type { ReadPicture } from './wire/pictures.ts';

export { presets } from './catalogue/presets.ts';
export { listModels } from './discover.ts';
export type { ModelSettings } from './settings.ts';
export { createTranscription } from './transcription.ts';

export interface ModelDeps {
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly log: LogPort;
  /** Absent: the runtime's own. */
  readonly fetch?: Fetch;
  /** The bytes of a picture that a message names. Absent: none can be shown. */
  readonly picture?: ReadPicture;
}

/** A margin over the estimate: a reservation must cover prompts that count more tokens than their like did. */
const upperMargin = 1.25;

/**
 * request → chain of models → place in the provider's fair queue → call → reply, or the next model, or a wait.
 * `settings` is read at each use, so a new configuration holds from the next call on.
 */
export function createModel(
  deps: ModelDeps,
  settings: () => ModelSettings,
  limits: ModelLimits = defaultLimits,
): ModelPort {
  const { clock } = deps;
  const discovered = new Map<string, string>();
  const meter = createTokenMeter();
  const sizeOf = createPromptSize();
  const health = createHealth(clock);
  const exchange = createExchange({ clock, fetch: deps.fetch, limits, picture: deps.picture });
  const call = createCall({
    ...deps,
    settings,
    limits,
    health,
    attempt: createAttempt({
      health,
      places: createPlaces(clock, settings),
      ask: createAsk(exchange, meter, sizeOf),
    }),
    discover: createDiscovery(deps, discovered),
    discovered,
  });
  return { call, estimate, names: () => configuredNames(settings(), discovered) };

  function estimate(request: ModelRequest): ModelEstimate {
    const [primary, ...others] = chainOf(settings(), request, discovered);
    if (primary === undefined) throw new Error('A chain of models is never empty.');
    const bytes = sizeOf(request, primary);
    const upper = (target: Target): number => {
      const price = target.price ?? { in: 0, out: 0 };
      const output = Math.min(request.maxOutputTokens, target.maxOutput);
      return (upperMargin * meter.tokens(target.label, bytes) * price.in + output * price.out) / 1_000_000;
    };
    return {
      promptTokens: meter.tokens(primary.label, bytes),
      maxOutputTokens: Math.min(request.maxOutputTokens, primary.maxOutput),
      // A fallback with a price counts even where the first model has none: it may be the one that answers.
      upperUsd: [primary, ...others].every(({ price }) => price === null)
        ? null
        : Math.max(upper(primary), ...others.map(upper)),
      contextTokens: primary.contextTokens,
    };
  }
}
