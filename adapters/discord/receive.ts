import { z } from 'zod';
import { messageOf, TiroError } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { parseJson } from '#lib/read/json.ts';
import type { ReadBack } from '#lib/catch-up/read-back.ts';
import { createLine, type Line } from '#lib/net/line.ts';
import type { Client } from './client.ts';
import type { Interactions } from './interact.ts';
import { channelOf, type Dispatch, eventTypes, parseDispatch } from './parse.ts';
import { isLater, snowflakeAt } from './snowflake.ts';
import {
  channelSchema,
  createHistory,
  guildSchema,
  type Missing,
  overlapped,
  type Places,
} from './places.ts';

/** Where events go, and how long. */
export interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
}

/** A session that can be resumed: Discord sends again all that came behind `seq`. */
export interface Session {
  readonly id: string;
  readonly url: string;
  readonly seq: number;
  /** The bot's user id. */
  readonly bot: string;
}

/** `stored` is told when the dispatch is. */
export type Item = Dispatch & { readonly s: number; readonly stored: () => void };

/**
 * dispatches → events → `sink.accept`, with the cursor → only now the sequence moves on. That sequence is what heartbeats
 * tell Discord and what RESUME begins behind, in this process or the next: what was not stored comes again.
 * A session that cannot be resumed begins anew, and then every channel is read back from the last stored message.
 */
export interface Intake {
  /** Reads once what was kept. Null: nothing to resume. */
  load(sink: SinkPort): Promise<Session | null>;
  session(): Session | null;
  /** Discord does not know the session any more. */
  dropSession(): void;
  /** For one connection, and one at a time: whatever it hands over, in its order. */
  open(door: Door): Line<Item>;
}

export interface IntakeDeps extends AdapterDeps {
  readonly random: RandomPort;
  readonly client: Client;
  readonly places: Places;
  readonly interactions: Interactions;
}

/** What waits comes again after a resume, so it need not be held for ever. */
const mostWaiting = 10_000;
const mostAtOnce = 100;
/** At the very first start what was written just before it is read, too. */
const firstLookBackMs = 600_000;
const stateKey = 'session';

/** All messages up to `after` are stored, save those of gaps: while there are any (`behind`), it stands still. */
const cursorSchema = z.object({
  session: z.string().nullable(),
  seq: z.number(),
  after: z.string().regex(/^\d{1,20}$/),
  behind: z.boolean(),
});
/** Kept when it begins, with the sequence of READY: resumed from there, Discord lists all servers again. */
const sessionSchema = z.object({ id: z.string(), url: z.string(), seq: z.number(), bot: z.string() });
const readySchema = z.object({
  session_id: z.string(),
  resume_gateway_url: z.string(),
  user: z.object({ id: z.string() }),
  application: z.object({ id: z.string() }),
  guilds: z.array(z.object({ id: z.string() })),
});
const threadsSchema = z.object({ threads: z.array(channelSchema) });
const goneSchema = z.object({ id: z.string(), unavailable: z.boolean().default(false) });

interface Position {
  /** The sink's, once a connection is open. */
  accept: SinkPort['accept'];
  session: Session | null;
  /** The bot's user id, once it is known: what waits outlives its session. */
  bot: string;
  /** The newest message that is stored, and the one up to which all are. */
  newest: string;
  after: string;
  /** Servers whose channels Discord has not told yet: until then messages of theirs may be missing. */
  readonly waiting: Set<string>;
  /** All servers are told again; until then they count as waiting. */
  untold: boolean;
}

interface Station {
  readonly deps: IntakeDeps;
  readonly at: Position;
  readonly readBack: ReadBack<Missing>;
}

export function createIntake(deps: IntakeDeps): Intake {
  const accept = (): Promise<void> => Promise.reject(new Error('no connection is open'));
  const at: Position = {
    accept,
    session: null,
    bot: '',
    newest: '0',
    after: '0',
    waiting: new Set(),
    untold: false,
  };
  const readBack = createHistory(deps, {
    bot: () => at.bot,
    seen: (message) => note(at, message),
    accept: (events) => at.accept(events),
  });
  const station = { deps, at, readBack };
  let loaded = false;
  return {
    load: async (sink) => {
      if (!loaded) await load(station, sink);
      loaded = true;
      return at.session;
    },
    session: () => at.session,
    dropSession: () => {
      at.session = null;
    },
    open: (door) => {
      at.accept = (events) => door.sink.accept(events);
      return createLine<Item>({
        // The library needs longer for READY than for what follows it, and so may hand it over later.
        order: (a, b) => a.s - b.s,
        parcel: (items) => {
          const other = items.findIndex(({ t }) => !eventTypes.has(t));
          return Math.min(mostAtOnce, Math.max(1, other < 0 ? items.length : other));
        },
        work: async (items, over) =>
          take(station, items, { ...door, signal: AbortSignal.any([door.signal, over]) }),
        most: mostWaiting,
      });
    },
  };
}

async function load({ deps, at, readBack }: Station, sink: SinkPort): Promise<void> {
  const cursor = cursorSchema.safeParse(parseJson((await sink.cursor()) ?? ''));
  const kept = sessionSchema.safeParse(parseJson((await deps.state.get(stateKey)) ?? ''));
  at.after = cursor.success ? cursor.data.after : snowflakeAt(deps.clock.now() - firstLookBackMs);
  if (!kept.success) return;
  at.bot = kept.data.bot;
  const isRead = cursor.success && cursor.data.session === kept.data.id && !cursor.data.behind;
  at.session = isRead ? { ...kept.data, seq: cursor.data.seq } : kept.data;
  at.untold = !isRead;
  if (at.untold) await openGaps({ deps, at, readBack });
}

async function openGaps({ deps, at, readBack }: Station): Promise<void> {
  for (const id of await deps.places.remembered.all()) readBack.add({ id, after: at.after, known: false });
}

async function take(station: Station, items: readonly Item[], door: Door): Promise<void> {
  const { at, readBack } = station;
  // A gap that an ended connection left open comes before all that is new.
  await readBack.run(door.signal);
  const [item] = items;
  if (item === undefined || door.signal.aborted) return;
  if (eventTypes.has(item.t)) return await store(station, items, door);
  await keepHouse(station, item, door);
  await readBack.run(door.signal);
  if (!door.signal.aborted) moveTo(station, item.s);
  else if (item.t === 'READY') at.untold = true;
}

async function store(station: Station, items: readonly Item[], { sink, signal }: Door): Promise<void> {
  const events: InboundEvent[] = [];
  for (const item of items) events.push(...(await eventsOf(station, item, signal)));
  if (signal.aborted) return; // they come again
  const seq = items.at(-1)?.s ?? 0;
  const next = positionAt(station, seq);
  if (events.length > 0) await sink.accept(events, JSON.stringify(next));
  moveTo(station, seq);
  for (const item of items) item.stored();
}

async function eventsOf(station: Station, item: Item, signal: AbortSignal): Promise<readonly InboundEvent[]> {
  const { deps, at } = station;
  const channel = channelOf(item);
  if (channel === null) return skip(deps, item.t, 'it names no channel');
  const found = await deps.places.find(channel, signal);
  if (!found.ok) throw new TiroError('unavailable', found.failure.why);
  const place = found.value;
  const parsed = parseDispatch(item, { bot: at.bot, place, now: deps.clock.now() });
  if (parsed.type === 'unreadable') return skip(deps, item.t, parsed.why);
  if (parsed.type !== 'events') return [];
  const { events } = parsed;
  const isThread = place.address.thread !== null && events.some(({ addressed }) => addressed);
  if (place.direct || isThread) await deps.places.remembered.add(channel.id);
  for (const { kind, messageId } of events) if (kind === 'message') note(at, messageId ?? '0');
  return events;
}

/** What tells about places. All else says nothing to us. */
async function keepHouse(station: Station, { t, d, s }: Item, { signal }: Door): Promise<void> {
  const { deps, at } = station;
  try {
    if (t === 'READY') await greet(station, { ready: readySchema.parse(d), seq: s }, signal);
    else if (t === 'RESUMED') at.untold = false;
    else if (t === 'GUILD_CREATE') meet(station, guildSchema.parse(d));
    else if (t === 'GUILD_DELETE') {
      const { id, unavailable } = goneSchema.parse(d);
      if (unavailable) at.waiting.add(id);
      else at.waiting.delete(id);
    } else if (t === 'THREAD_LIST_SYNC') deps.places.learn(threadsSchema.parse(d).threads);
    else if (/^(THREAD|CHANNEL)_(CREATE|UPDATE)$/.test(t)) deps.places.learn([channelSchema.parse(d)]);
    else if (t === '') skip(deps, t, 'it has no type');
  } catch (error) {
    if (!(error instanceof z.ZodError) || t === 'READY') throw error;
    skip(deps, t, messageOf(error).replaceAll(/\s+/g, ' '));
  }
}

/** A new session: what came since the last one ended is not sent any more. */
async function greet(
  station: Station,
  { ready, seq }: { readonly ready: z.infer<typeof readySchema>; readonly seq: number },
  signal: AbortSignal,
): Promise<void> {
  const { deps, at } = station;
  const session = { id: ready.session_id, url: ready.resume_gateway_url, seq, bot: ready.user.id };
  await deps.state.set(stateKey, JSON.stringify(session));
  at.session = session;
  at.bot = session.bot;
  at.untold = false;
  at.waiting.clear();
  for (const guild of ready.guilds) at.waiting.add(guild.id);
  await openGaps(station);
  void deps.interactions
    .register(ready.application.id, signal)
    .catch((error: unknown) => deps.log.warn('commands.unregistered', { channel: 'discord', error }));
}

function meet({ deps, at, readBack }: Station, guild: z.infer<typeof guildSchema>): void {
  const all = [...guild.channels, ...guild.threads];
  deps.places.learn(all);
  if (!at.waiting.delete(guild.id) && !at.untold) return; // the bot has just been invited
  const joined = snowflakeAt(Date.parse(guild.joined_at ?? '') || 0);
  const after = isLater(joined, at.after) ? joined : at.after;
  for (const { id, last_message_id: last } of all)
    if (last && isLater(last, overlapped(after))) readBack.add({ id, after, known: true });
}

function note(at: Position, message: string): void {
  if (isLater(message, at.newest)) at.newest = message;
}

function positionAt({ at, readBack }: Station, seq: number): z.infer<typeof cursorSchema> {
  const behind = at.waiting.size > 0 || at.untold || readBack.isOpen();
  const after = !behind && isLater(at.newest, at.after) ? at.newest : at.after;
  return { session: at.session?.id ?? null, seq: Math.max(seq, at.session?.seq ?? 0), after, behind };
}

function moveTo(station: Station, seq: number): void {
  const { at } = station;
  const next = positionAt(station, seq);
  at.after = next.after;
  if (at.session !== null) at.session = { ...at.session, seq: next.seq };
}

function skip({ log }: IntakeDeps, type: string, why: string): readonly InboundEvent[] {
  log.warn('event.skipped', { channel: 'discord', type, why });
  return [];
}
