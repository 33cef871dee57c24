import { RequestMethod } from '@discordjs/rest';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import type { Abilities } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterDeps, AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { type Checked, checkDiscord } from './check.ts';
import { createClient } from './client.ts';
import { createConnection } from './gateway.ts';
import { createInteractions } from './interact.ts';
import { createPlaces } from './places.ts';
import { createIntake } from './receive.ts';
import { createClaimed, createLookup, createSend, placeOf, uploadLimitBytes } from './send.ts';
import { type DiscordSettings, discordSettingsSchema } from './settings.ts';

export interface DiscordDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const can = { edits: true, typing: true, buttons: true, threads: true, reactions: true };
const abilities: Abilities = {
  ...can,
  drafts: false,
  files: { maxBytes: uploadLimitBytes },
  dialects: ['discord', 'plain'],
  maxText: 2000,
  countedAs: 'utf16',
  delivery: 'push',
  // Within minutes Discord absorbs a second send by its nonce; after that the channel is read (createLookup).
  sendSemantics: 'reconcilable',
  editEveryMs: 1_200,
  // Five in five seconds and channel: short bursts pass, a real 429 says how long to wait.
  sendEveryMs: 250,
  coalesce: true,
};

/** "Typing" that comes later than this is worse than none. */
const typingTimeoutMs = 5_000;
const checkTimeoutMs = 10_000;
const lookupTimeoutMs = 30_000;
const meSchema = z.object({ id: z.string() });

/** Contract: throws a ZodError where `settings` are not those of `channels.discord`. */
export function buildDiscord(deps: DiscordDeps, settings: unknown): AdapterPort {
  return createDiscord(deps, discordSettingsSchema.parse(settings));
}

/**
 * Discord by the two parts of discord.js that its Client is made of: @discordjs/ws holds one connection (gateway.ts),
 * @discordjs/rest makes one call (client.ts). The Client itself would confirm dispatches before they are stored, connect
 * again without a pause, and keep caches of all servers in memory (decision 023).
 */
export function createDiscord(deps: DiscordDeps, settings: DiscordSettings): AdapterPort {
  const { clock } = deps;
  const client = createClient(settings, { clock, fetch: deps.fetch ?? globalThis.fetch });
  const known = { ...deps, client, ...settings };
  const parts = { ...known, places: createPlaces(known), interactions: createInteractions(deps, client) };
  const intake = createIntake(parts);
  const connect = createConnection({ ...parts, intake });
  const claimed = createClaimed(clock);
  const closing = new AbortController();
  const limit = (ms: number): Parameters<typeof within>[0] => ({ clock, ms, signal: closing.signal });
  const lookup = createLookup({ client, clock, claimed, bot });
  let standing: Checked['standing'] = null;
  const tell = (now: typeof standing): void => {
    standing = now;
  };

  return {
    name: 'discord',
    abilities,
    start: (sink, signal) =>
      connect({ sink: watched(sink, tell), signal: AbortSignal.any([signal, closing.signal]) }),
    send: createSend({ client, claimed, clock }),
    lookup: (delivery) => within(limit(lookupTimeoutMs), (signal) => lookup(delivery, signal)),
    typing,
    fetch: (file, signal) => client.download(file, signal),
    check: () =>
      within(limit(checkTimeoutMs), (signal) => checkDiscord({ client, settings, standing }, signal)),
    close: async () => {
      closing.abort();
      client.close();
    },
  };

  /** Known since the first connection, of this process or one before; else Discord is asked. */
  async function bot(signal: AbortSignal): Promise<string | null> {
    const known = intake.session()?.bot;
    if (known !== undefined) return known;
    const me = await client.call({ path: '/users/@me' }, meSchema, signal);
    return me.ok ? me.value.id : null;
  }

  async function typing(place: ChatAddress): Promise<void> {
    const path = `/channels/${placeOf({ address: place })}/typing` as const;
    const answer = await within(limit(typingTimeoutMs), (signal) =>
      client.call({ method: RequestMethod.Post, path }, z.unknown(), signal),
    );
    if (!answer.ok) throw new TiroError('unavailable', answer.failure.why);
  }
}

/** Each change is told once. */
function watched(sink: SinkPort, tell: (standing: NonNullable<Checked['standing']>) => void): SinkPort {
  let last = '';
  return {
    ...sink,
    state: (state, why) => {
      tell({ state, why });
      if (last !== `${state} ${why}`) sink.state(state, why);
      last = `${state} ${why}`;
    },
  };
}
