import type { OpenAI } from 'openai';
import type { Stream } from 'openai/core/streaming';
import type { ProviderSettings } from '../settings.ts';
import { percentDecoded } from './refusal/secrets.ts';

export type Fetch = typeof globalThis.fetch;

/** A client for an address and key: made on first use, made anew when the configuration changed them. */
export type ClientFor = (provider: string, endpoint: ProviderSettings) => Promise<Client>;

/** The SDK is loaded by the first call: who only starts the gateway does not pay for it. */
export interface Client {
  readonly openai: OpenAI;
  readonly Stream: typeof Stream;
}

export function createClients(fetch: Fetch | undefined): ClientFor {
  const clients = new Map<string, { readonly key: string; readonly client: Client }>();
  return async (provider, endpoint) => {
    const key = JSON.stringify([endpoint.baseUrl, endpoint.apiKey]);
    const known = clients.get(provider);
    if (known?.key === key) return known.client;
    const client = await makeClient(endpoint, fetch);
    clients.set(provider, { key, client });
    return client;
  };
}

async function makeClient(endpoint: ProviderSettings, fetch: Fetch | undefined): Promise<Client> {
  const [{ OpenAI }, { Stream }] = await Promise.all([import('openai'), import('openai/core/streaming')]);
  const address = addressOf(endpoint);
  const openai = new OpenAI({
    baseURL: address.url,
    // The SDK wants some key; without ours the header that would carry it is left out.
    apiKey: endpoint.apiKey ?? 'none',
    defaultHeaders: endpoint.apiKey === null ? { Authorization: address.basic } : {},
    // Not from the environment: they would be sent to whichever server this is.
    organization: null,
    project: null,
    maxRetries: 0,
    logLevel: 'off',
    // What people wrote goes to the address they configured, and to no other that it names.
    fetchOptions: { redirect: 'manual' },
    ...(fetch === undefined ? {} : { fetch }),
  });
  return { openai, Stream };
}

/** fetch refuses `user:password@` in an address: it goes as a Basic header instead (null when there is none). */
function addressOf(endpoint: ProviderSettings): { readonly url: string; readonly basic: string | null } {
  const url = URL.parse(endpoint.baseUrl);
  if (url === null || url.username === '') return { url: endpoint.baseUrl, basic: null };
  const pair = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  url.username = '';
  url.password = '';
  return {
    url: url.href.replace(/\/$/, ''),
    basic: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`,
  };
}
