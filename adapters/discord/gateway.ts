import {
  DefaultWebSocketManagerOptions,
  type IContextFetchingStrategy,
  type SessionInfo,
  WebSocketShard,
  WebSocketShardEvents,
} from '@discordjs/ws';
import { GatewayIntentBits } from 'discord-api-types/v10';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import { backoffMs } from '#lib/backoff.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import type { Line } from '#lib/net/line.ts';
import type { Failure } from './client.ts';
import type { Door, Intake, IntakeDeps, Item } from './receive.ts';

export type ConnectDeps = IntakeDeps & {
  readonly token: string;
  readonly apiRoot: string;
  readonly intake: Intake;
};

/** How a connection ended. `code`: Discord's close code, where it gave one. */
interface End {
  readonly why: string;
  readonly code?: number;
}

const intents =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.GuildMessageReactions |
  GatewayIntentBits.DirectMessages |
  GatewayIntentBits.DirectMessageReactions |
  GatewayIntentBits.MessageContent;
/** The library's name for a sum of them. */
const intentsSchema = z.custom<GatewayIntentBits>((it) => it === intents);
/** Discord lets a bot begin a session every 5 s. */
const identifyEveryMs = 5_000;
/** From the first byte to READY or RESUMED. */
const openTimeoutMs = 30_000;
/** A connection that held for so long was a good one: the next failure is the first again. */
const goodAfterMs = 60_000;
/** A peer that does not answer a close is left. */
const closeTimeoutMs = 300;
/** Neither 1000 nor 1001: the session stays, and the next process resumes it. */
const closeCode = 4_200;

const infoSchema = z.object({
  url: z.string().regex(/^wss?:\/\//),
  shards: z.number(),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number(),
    max_concurrency: z.number(),
  }),
});
type Info = z.infer<typeof infoSchema>;

const badToken =
  'Discord refuses the bot token: put the one from Bot → Reset Token into channels.discord.token';
/** Ends after which only somebody can help, by close code. */
const cures: Readonly<Record<number, string>> = {
  4004: badToken,
  4010: 'Discord refuses the way the connection is divided',
  4011: 'the bot is in more servers than one connection may serve (2,500)',
  4012: 'Discord no longer speaks this version of its gateway: update Tiro',
  4013: 'Discord does not know the intents that are asked for: update Tiro',
  4014: 'Message Content Intent is off: switch it on in the developer portal, Bot → Privileged Gateway Intents',
};

/** Stays connected until the signal aborts. Tells the sink of each change between up and down, with the reason. */
export function createConnection(deps: ConnectDeps): (door: Door) => Promise<void> {
  const { clock, random, log, client, intake } = deps;
  const shards = createShards(deps);
  return async (door) => {
    const down = (outcome: Outcome): Outcome => {
      if (!outcome.ok && !door.signal.aborted) door.sink.state('down', outcome.why);
      return outcome;
    };
    const explain = (error: unknown): Outcome => {
      log.error('channel.defect', { channel: 'discord', error });
      return down({ ok: false, why: messageOf(error), pause: reconnect });
    };
    // Ups and downs are told here: only a connection knows when it stands.
    const step = async (): Promise<Outcome> => down(await connectOnce(door));
    await keepConnected(deps, { step, explain, tell: () => undefined }, door.signal);
  };

  /** It begins with a call that is checked as every other: a gateway that lost its home gets no further. */
  async function connectOnce(door: Door): Promise<Outcome> {
    const session = await intake.load(door.sink);
    client.trustToken();
    const info = await client.call({ path: '/gateway/bot' }, infoSchema, door.signal);
    if (!info.ok) return outcomeOfFailure(info.failure);
    if (!mayHaveToken(info.value.url, deps.apiRoot))
      return {
        ok: false,
        why: 'the gateway that was named is on no host of Discord',
        pause: reconnectSeldom,
      };
    const { remaining, reset_after: pause } = info.value.session_start_limit;
    if (session === null && remaining === 0)
      return { ok: false, why: 'Discord lets this bot begin no further connection today', pause };
    let upAt = Number.POSITIVE_INFINITY;
    const onUp = (): void => {
      upAt = clock.elapsed();
      door.sink.state('up', 'connected');
    };
    const end = await shards.run({ info: info.value, onUp }, door);
    const isFinal = end.code !== undefined && end.code in cures;
    if (clock.elapsed() - upAt < goodAfterMs || upAt === Number.POSITIVE_INFINITY)
      return { ok: false, why: end.why, pause: isFinal ? reconnectSeldom : reconnect };
    if (!door.signal.aborted) door.sink.state('down', end.why);
    return { ok: true, pause: backoffMs(reconnect, 1, random) };
  }
}

interface Shards {
  /** One connection of the library's, until it ends in any way; nothing of it is left then. */
  run(way: { readonly info: Info; readonly onUp: () => void }, door: Door): Promise<End>;
}

function createShards(deps: ConnectDeps): Shards {
  const { clock, intake } = deps;
  const past = { identifiedAt: Number.NEGATIVE_INFINITY, failedResumes: 0 };
  return { run };

  async function run(...[{ info, onUp }, door]: Parameters<Shards['run']>): Promise<End> {
    const { signal } = door;
    const line = intake.open(door);
    const ended = Promise.withResolvers<End>();
    const over = new AbortController();
    const shard = new WebSocketShard(contextOf(deps, { info, past, signal: over.signal }), 0);
    past.failedResumes += 1;
    const cancel = clock.after(openTimeoutMs, () => ended.resolve({ why: 'Discord does not answer' }));
    const isUp = (): void => {
      cancel();
      past.failedResumes = 0;
      onUp();
    };
    shard.on(WebSocketShardEvents.Ready, isUp);
    shard.on(WebSocketShardEvents.Resumed, isUp);
    shard.on(WebSocketShardEvents.Dispatch, ({ data }) => hand(deps, { line, signal }, data));
    shard.on(WebSocketShardEvents.Closed, ({ code }) => ended.resolve(endOf(code)));
    shard.on(WebSocketShardEvents.Error, ({ error }) => ended.resolve(endOfError(error)));
    // The library says Closed only after the dead peer's farewell, which takes half a minute.
    shard.on(WebSocketShardEvents.Debug, ({ message }) => {
      if (message.includes('Zombie connection'))
        ended.resolve({ why: 'Discord went silent: it did not answer a heartbeat' });
    });
    const stop = (): void => ended.resolve({ why: 'stopped' });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    guard(shard, (error) => {
      deps.log.error('channel.defect', { channel: 'discord', error });
      ended.resolve({ why: 'Discord sent something of a shape that nobody expects' });
    });
    void line.failed.then((error) => ended.resolve(refusedBy(deps, error)));
    void shard.connect().catch((error: unknown) => ended.resolve(endOfError(error)));
    const end = await ended.promise;
    over.abort();
    cancel();
    signal.removeEventListener('abort', stop);
    const socket: unknown = Reflect.get(shard, 'connection');
    // Half-open or still connecting, it would stay behind.
    const cancelCut = clock.after(closeTimeoutMs, () => cut(socket));
    await shard.destroy({ code: closeCode });
    cancelCut();
    cut(socket);
    await line.end();
    return end;
  }
}

/** The library leaves to nobody what an odd frame or address makes it throw, and that would end the process. */
function guard(shard: WebSocketShard, onThrow: (error: unknown) => void): void {
  for (const name of ['internalConnect', 'onMessage', 'onClose', 'heartbeat']) {
    const run: unknown = Reflect.get(shard, name);
    if (typeof run !== 'function') continue;
    Reflect.set(shard, name, async (...args: readonly unknown[]) => {
      try {
        await Reflect.apply(run, shard, args);
      } catch (error) {
        onThrow(error);
      }
    });
  }
}

interface Past {
  identifiedAt: number;
  failedResumes: number;
}

/** What the library asks of us while a connection lives. */
function contextOf(
  { clock, token, apiRoot, intake }: ConnectDeps,
  { info, past, signal }: { readonly info: Info; readonly past: Past; readonly signal: AbortSignal },
): IContextFetchingStrategy {
  const timeouts = { handshakeTimeout: openTimeoutMs, helloTimeout: openTimeoutMs };
  const bot = { token, intents: intentsSchema.parse(intents), shardCount: 1, gatewayInformation: info };
  return {
    options: { ...DefaultWebSocketManagerOptions, ...timeouts, ...bot },
    // Asked before each attempt and each heartbeat. When it is over there is no answer, and so no further attempt.
    retrieveSessionInfo: () => (signal.aborted ? new Promise<null>(() => undefined) : sessionInfo()),
    updateSessionInfo: (_, session) => {
      if (session === null && !signal.aborted) intake.dropSession();
    },
    waitForIdentify: async () => {
      await clock.sleep(Math.max(0, past.identifiedAt + identifyEveryMs - clock.elapsed()), signal);
      past.identifiedAt = clock.elapsed();
    },
  };

  function sessionInfo(): SessionInfo | null {
    const session = intake.session();
    if (session === null) return null;
    // Its own host first; should that one be gone, the one for all.
    const isOwn = past.failedResumes % 2 === 1 && mayHaveToken(session.url, apiRoot);
    const resumeURL = isOwn ? session.url : info.url;
    return { sessionId: session.id, sequence: session.seq, resumeURL, shardId: 0, shardCount: 1 };
  }
}

/** Whoever is there is told the token: a gateway of Discord's, or on the host of the API; in clear only where the API is. */
function mayHaveToken(url: string, apiRoot: string): boolean {
  const [it, root] = [URL.parse(url), new URL(apiRoot)];
  if (it === null) return false;
  const isSafe = it.protocol === 'wss:';
  if (it.hostname === root.hostname) return isSafe || (it.protocol === 'ws:' && root.protocol === 'http:');
  return isSafe && it.hostname.endsWith('.discord.gg');
}

function hand(
  { interactions }: ConnectDeps,
  { line, signal }: { readonly line: Line<Item>; readonly signal: AbortSignal },
  { t, s, d }: { readonly t: unknown; readonly s: unknown; readonly d: unknown },
): void {
  const stored = t === 'INTERACTION_CREATE' ? interactions.begin(d, signal) : (): void => undefined;
  line.take({ t: typeof t === 'string' ? t : '', s: Number.isSafeInteger(s) ? Number(s) : 0, d, stored });
}

/** The store refused, or Discord could not be asked: nothing was accepted, so the same comes again. */
function refusedBy({ log }: ConnectDeps, error: unknown): End {
  const why = `what came in could not be stored: ${messageOf(error)}`;
  log.error('event.refused', { channel: 'discord', why });
  return { why };
}

/** The library hides its socket, and ends it only politely. */
function cut(socket: unknown): void {
  if (typeof socket !== 'object' || socket === null) return;
  const [on, terminate]: readonly unknown[] = [Reflect.get(socket, 'on'), Reflect.get(socket, 'terminate')];
  if (typeof on !== 'function' || typeof terminate !== 'function') return;
  Reflect.apply(on, socket, ['error', () => undefined]); // one that was still connecting says that it was cut
  Reflect.apply(terminate, socket, []);
}

function endOf(code: number): End {
  return { code, why: cures[code] ?? `the connection to Discord ended (${code})` };
}

/** Only the code goes on: the words of the error may hold an address. */
function endOfError(error: unknown): End {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return { why: `no connection to Discord${code}` };
}

function outcomeOfFailure({ code, why, retryAfterMs }: Failure): Outcome {
  if (code === 401) return { ok: false, why: `${badToken} (${why})`, pause: reconnectSeldom };
  return { ok: false, why, pause: retryAfterMs ?? reconnect };
}
