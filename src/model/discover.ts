import type { ClockPort } from '#core/ports/clock.ts';
import type { ModelError } from '#core/ports/model.ts';
import type { Target } from './catalogue/names.ts';
import type { ProviderSettings } from './settings.ts';
import { type Fetch, createClients } from './wire/client.ts';
import { classify } from './wire/refusal/classify.ts';
import { factsOf } from './wire/refusal/facts.ts';
import { redactorFor } from './wire/refusal/secrets.ts';

const listTimeoutMs = 10_000;

/** The names in a server's `/models`, in its own order. Throws what the SDK throws when the server does not answer. */
export async function listModels(
  endpoint: ProviderSettings,
  options: { readonly fetch?: Fetch | undefined; readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const { openai } = await createClients(options.fetch)('', endpoint);
  const page = await openai.models.list({
    timeout: listTimeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return page.data.map((model) => model.id);
}

/** Asks a provider for its first model, once, and keeps the answer in `discovered`. The error is a value. */
export function createDiscovery(
  deps: { readonly clock: ClockPort; readonly fetch?: Fetch },
  discovered: Map<string, string>,
): (target: Target, signal: AbortSignal) => Promise<ModelError | null> {
  return async ({ endpoint, provider }, signal) => {
    if (endpoint === null || discovered.has(provider)) return null;
    try {
      const [first] = await listModels(endpoint, { fetch: deps.fetch, signal });
      if (first === undefined) return noModels(provider);
      discovered.set(provider, first);
      return null;
    } catch (error) {
      return classify(factsOf(error, deps.clock.now()), provider, redactorFor(endpoint));
    }
  };
}

function noModels(provider: string): ModelError {
  const reason = `${provider} lists no models; name one in model.default.`;
  return { type: 'bad-request', reason, retryAfterMs: null };
}
