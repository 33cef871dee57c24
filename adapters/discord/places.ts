import { z } from 'zod';
import type { SinkPort } from '#core/ports/adapter.ts';
import { type KeptList, createKeptList } from '#lib/catch-up/kept-list.ts';
import { type Asked, type Gap, type ReadBack, createReadBack } from '#lib/catch-up/read-back.ts';
import type { Answer, Client } from './client.ts';
import { type ChannelId, parseDispatch, type Place } from './parse.ts';
import { isLater, snowflakeAt, snowflakeSchema, timeOf } from './snowflake.ts';
import type { IntakeDeps } from './receive.ts';

/** What channel ids stand for. */
export interface Places {
  /** Takes note of channels and threads. */
  learn(channels: readonly Channel[]): void;
  /** Asks Discord where it is not known: a thread's dispatches do not say under which channel it stands. */
  find(channel: ChannelId, signal: AbortSignal): Promise<Answer<Place>>;
  /** Direct channels, and threads somebody spoke to us in: Discord does not list them again at the next start. */
  readonly remembered: KeptList;
}

export const channelSchema = z.object({
  id: z.string(),
  type: z.number(),
  parent_id: z.string().nullish(),
  last_message_id: snowflakeSchema.nullish().catch(null),
});
export const guildSchema = z.object({
  id: z.string(),
  joined_at: z.string().optional(),
  channels: z.array(channelSchema).default([]),
  threads: z.array(channelSchema).default([]),
});
type Channel = z.infer<typeof channelSchema>;

/** Announcement, public and private threads. */
const threadTypes = new Set([10, 11, 12]);
const directTypes = new Set([1, 3]);
/** A bot in many servers must not eat memory: what falls out is asked for again. */
const knownLimit = 5_000;

export function createPlaces({ client, state }: Pick<IntakeDeps, 'state'> & { client: Client }): Places {
  const known = new Map<string, Place>();
  const remembered = createKeptList({ state, key: 'channels', most: 500 });
  return { learn: (channels) => channels.forEach(note), find, remembered };

  async function find({ id, guild }: ChannelId, signal: AbortSignal): Promise<Answer<Place>> {
    const place = known.get(id);
    if (place !== undefined) return { ok: true, value: place };
    if (guild === null) return { ok: true, value: note({ id, type: 1 }) };
    const answer = await client.call({ path: `/channels/${id}` }, channelSchema, signal);
    if (answer.ok) return { ok: true, value: note(answer.value) };
    const { code } = answer.failure;
    // It is gone, or hidden from us: then it is at least a place of its own.
    return code === 403 || code === 404 ? { ok: true, value: placeOf({ id, type: 0 }) } : answer;
  }

  function note(channel: Channel): Place {
    const place = placeOf(channel);
    known.delete(channel.id);
    known.set(channel.id, place);
    const [oldest] = known.keys();
    if (known.size > knownLimit && oldest !== undefined) known.delete(oldest);
    return place;
  }
}

function placeOf({ id, type, parent_id: parent }: Channel): Place {
  const [chat, thread] = threadTypes.has(type) && parent ? [parent, id] : [id, null];
  return { address: { channel: 'discord', chat, thread }, direct: directTypes.has(type) };
}

/** `known`: it was listed just now, with news. */
export type Missing = Gap & { readonly known: boolean };

const pageSize = 100;
/** 5,000 messages of one channel: beyond that nobody waits for an answer. */
const mostPages = 50;
const oldestMs = 7 * 24 * 3_600_000;
/** Dispatches of several channels do not come quite in the order of their ids. Known ones are dropped by their id. */
const overlapMs = 60_000;
/** Where to look from, so that one that came late is not passed over. */
export function overlapped(after: string): string {
  return snowflakeAt(timeOf(after) - overlapMs);
}

const pageSchema = z.array(z.looseObject({ id: snowflakeSchema }));
type Message = z.infer<typeof pageSchema>[number];

/** GET /channels/:id/messages?after=… → events → `sink.accept`, for the channels that may have news. */
export function createHistory(
  deps: IntakeDeps,
  at: { bot(): string; seen(message: string): void; accept: SinkPort['accept'] },
): ReadBack<Missing> {
  const { clock, log, client, places } = deps;
  return createReadBack<Missing, Message>(deps, {
    pageSize,
    mostPages,
    begin,
    idOf: ({ id }) => id,
    page: async (id, after, signal) => {
      const query = { after, limit: String(pageSize) };
      const page = await client.call({ path: `/channels/${id}/messages`, query }, pageSchema, signal);
      return askedOf(page, (messages) => messages.toSorted((a, b) => (isLater(a.id, b.id) ? 1 : -1)));
    },
    store: async (id, messages, signal) => {
      const place = await places.find({ id, guild: id }, signal);
      if (!place.ok) throw new Error(place.failure.why);
      const context = { bot: at.bot(), place: place.value, now: clock.now() };
      const parsed = messages.map((message) => parseDispatch({ t: 'MESSAGE_CREATE', d: message }, context));
      const events = parsed.flatMap((one) => (one.type === 'events' ? one.events : []));
      if (events.length > 0 && !signal.aborted) await at.accept(events);
      for (const message of messages) at.seen(message.id);
    },
    unread: async ({ id, known }, why) => {
      log.info('channel.unread', { channel: 'discord', id, why });
      if (!known) await places.remembered.remove(id);
    },
  });

  /** Of a channel that was not listed it is asked first; that also tells whether it is a thread, and under which channel. */
  async function begin({ id, after, known }: Missing, signal: AbortSignal): Promise<Asked<string | null>> {
    const oldest = snowflakeAt(clock.now() - oldestMs);
    const early = overlapped(after);
    const from = isLater(oldest, early) ? oldest : early;
    if (known) return { type: 'found', value: from };
    const channel = await client.call({ path: `/channels/${id}` }, channelSchema, signal);
    if (channel.ok) places.learn([channel.value]);
    return askedOf(channel, ({ last_message_id: last }) => (last && isLater(last, from) ? from : null));
  }
}

function askedOf<T, V>(answer: Answer<T>, read: (value: T) => V): Asked<V> {
  if (answer.ok) return { type: 'found', value: read(answer.value) };
  const { code, why, retryAfterMs = null } = answer.failure;
  const isForGood = code === 400 || code === 403 || code === 404;
  return isForGood ? { type: 'never', why } : { type: 'later', why, pauseMs: retryAfterMs };
}
