import { ZodError } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort, AdapterStatePort, Platform, PlatformDeps } from '#core/ports/adapter.ts';
import { createPullAdapter } from './webchat/index.ts';

export interface AdaptersDeps extends Omit<PlatformDeps, 'state'> {
  /** The keys that an adapter keeps in the store under its name. */
  stateOf(name: string): AdapterStatePort;
}

/** One line per platform. */
const platforms: readonly Platform[] = [
  { name: 'telegram', load: async () => (await import('./telegram/index.ts')).buildTelegram },
  { name: 'discord', load: async () => (await import('./discord/index.ts')).buildDiscord },
  { name: 'slack', load: async () => (await import('./slack/index.ts')).buildSlack },
  { name: 'whatsapp', load: async () => (await import('./whatsapp/index.ts')).buildWhatsApp },
  { name: 'email', load: async () => (await import('./email/index.ts')).buildEmail },
  { name: 'webhook', load: async () => (await import('./webhook/index.ts')).buildWebhook },
];

/**
 * The pull channels web, cli and api, which are always there, then an adapter for each configured platform.
 * `channels` is that part of config.yaml; a platform that is absent or null there is left out. `further` are platforms
 * that do not stand in the list, or take the place of the one of their name.
 * Contract: rejects as `bad-config`, naming the field, where settings do not fit.
 */
export async function createAdapters(
  channels: Readonly<Record<string, unknown>>,
  deps: AdaptersDeps,
  further: readonly Platform[] = [],
): Promise<readonly AdapterPort[]> {
  const own = platforms.filter(({ name }) => !further.some((other) => other.name === name));
  const configured = [...own, ...further].filter(({ name }) => (channels[name] ?? null) !== null);
  const adapters = configured.map(async (platform) => {
    const { name } = platform;
    const build = await platform.load();
    const { clock, log, random, fetch } = deps;
    return buildOrExplain(name, () =>
      build({ clock, log, random, fetch, state: deps.stateOf(name) }, channels[name]),
    );
  });
  return [
    createPullAdapter('web'),
    createPullAdapter('cli'),
    createPullAdapter('api'),
    ...(await Promise.all(adapters)),
  ];
}

function buildOrExplain(name: string, build: () => AdapterPort): AdapterPort {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const issues = error.issues.map(
      (issue) => `channels.${[name, ...issue.path].join('.')} ${issue.message}`,
    );
    throw new TiroError('bad-config', issues.join('; '), { cause: error });
  }
}
