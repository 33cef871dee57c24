import { ZodError } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { AdapterDeps, AdapterPort, AdapterStatePort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { createPullAdapter } from './webchat/index.ts';

/** What any adapter may ask for. */
export interface PlatformDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** For every request that leaves: it asks right before whether this gateway still has the home. */
  readonly fetch: typeof globalThis.fetch;
}

export interface AdaptersDeps extends Omit<PlatformDeps, 'state'> {
  /** The keys that an adapter keeps in the store under its name. */
  stateOf(name: string): AdapterStatePort;
}

interface Platform {
  readonly name: string;
  /** Imports the SDK, so only what is configured costs time and memory. The builder throws a ZodError on bad settings. */
  load(): Promise<(deps: PlatformDeps, settings: unknown) => AdapterPort>;
}

/** One line per platform. */
const platforms: readonly Platform[] = [
  { name: 'telegram', load: async () => (await import('./telegram/index.ts')).buildTelegram },
];

/**
 * The pull channels web, cli and api, which are always there, then an adapter for each configured platform.
 * `channels` is that part of config.yaml; a platform that is absent or null there is left out.
 * Contract: rejects as `bad-config`, naming the field, where settings do not fit.
 */
export async function createAdapters(
  channels: Readonly<Record<string, unknown>>,
  deps: AdaptersDeps,
): Promise<readonly AdapterPort[]> {
  const configured = platforms.filter(({ name }) => (channels[name] ?? null) !== null);
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
