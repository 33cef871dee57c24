import type { SocketModeClient } from '@slack/socket-mode';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import { orAborted, within } from '#lib/net/within.ts';
import { parseJson } from '#lib/read/json.ts';
import { createBacklog } from './backlog.ts';
import { type Client, type Failure, failureOf, webOptions } from './client.ts';
import { answerTo, type Door, type Intake } from './receive.ts';
import type { SlackSettings } from './settings.ts';

export interface ConnectDeps extends AdapterDeps {
  readonly random: RandomPort;
  readonly fetch: typeof globalThis.fetch;
  readonly client: Client;
  readonly intake: Intake;
  /** A socket that is silent for so long is dead. */
  readonly silenceMs: number;
}

/** How a connection ended. renew: Slack asked for a new one before it closes this one. */
type End = { readonly type: 'renew' } | { readonly type: 'off' | 'broken'; readonly why: string };

interface Connection {
  readonly ended: Promise<End>;
  readonly openedAt: number;
  close(): void;
}

const helloMs = 20_000;
const watchMs = 1_000;
/** Slack asks for a new connection about once an hour; more often is a trouble of its own. */
const shortLifeMs = 5_000;
const testAgainMs = 300_000;
/** While what was missed is read back, what comes in waits. Not longer than this: then it may overtake. */
const holdMs = 30_000;
const backlogAgainMs = 5_000;

/** Stays connected until the signal aborts. Tells the sink of each change between up and down, with the reason. */
export function createConnection(deps: ConnectDeps, settings: SlackSettings): (door: Door) => Promise<void> {
  const step = settings.way.mode === 'http' ? createTesting(deps) : createSocket(deps, settings);
  const explain = (error: unknown): Outcome => ({ ok: false, why: messageOf(error), pause: reconnect });
  return (door) =>
    keepConnected(deps, { step: () => step(door), explain, tell: door.sink.state }, door.signal);
}

/** HTTP mode has no connection: whether Slack can be asked and knows the token is its state. */
function createTesting(deps: ConnectDeps): (door: Door) => Promise<Outcome> {
  const catchUp = createCatchUp(deps);
  return async (door) => {
    const known = await deps.intake.identify(door.signal);
    const answer = known.ok ? await deps.client.call((api) => api.auth.test(), door.signal) : known;
    if (!answer.ok) {
      catchUp.again();
      return outcomeOf(answer.failure);
    }
    void catchUp.prepare(door).read(door);
    return { ok: true, pause: testAgainMs };
  };
}

/** open → hello → up → … → the connection ended → open. Asked to renew it, a new one opens before the old one closes. */
function createSocket(deps: ConnectDeps, settings: SlackSettings): (door: Door) => Promise<Outcome> {
  const { clock, intake } = deps;
  const catchUp = createCatchUp(deps);
  let current: Connection | null = null;
  let old: Connection | null = null;
  return async (door) => {
    if (current !== null) return await outlast(current);
    const known = await intake.identify(door.signal);
    if (!known.ok) return outcomeOf(known.failure);
    const missed = catchUp.prepare(door);
    const opened = await openSocket(deps, settings, door);
    old?.close();
    old = null;
    if ('type' in opened) {
      missed.drop();
      catchUp.again();
      return outcomeOf(opened);
    }
    current = opened;
    void missed.read(door);
    return { ok: true, pause: 0 };
  };

  async function outlast(connection: Connection): Promise<Outcome> {
    const end = await connection.ended;
    current = null;
    if (end.type === 'renew') {
      old = connection;
      return { ok: true, pause: clock.elapsed() - connection.openedAt < shortLifeMs ? watchMs : 0 };
    }
    catchUp.again();
    return { ok: false, why: end.why, pause: end.type === 'off' ? reconnectSeldom : reconnect };
  }
}

/** Reads back what was missed: once for each time that it was away, and when something could not be stored. */
function createCatchUp(deps: ConnectDeps): { again(): void; prepare(door: Door): CatchUp } {
  const { clock, intake } = deps;
  const reader = createReader(deps);
  let isDue = true;
  let open: Door | null = null;
  // Slack gives up after some minutes, and then it stands in the history only.
  intake.onRefused(() => open !== null && void reader.read(open));
  return {
    again: () => void (isDue = true),
    prepare: (door) => {
      open = door;
      return isDue ? due() : nothingDue;
    },
  };

  function due(): CatchUp {
    const moveOn = intake.stay();
    let release: (() => void) | null = intake.hold();
    const open = (): void => {
      release?.();
      release = null;
    };
    return {
      drop: () => {
        open();
        moveOn();
      },
      read: async (door) => {
        isDue = false;
        const cancel = clock.after(holdMs, open);
        door.signal.addEventListener('abort', cancel, { once: true });
        await reader.read(door);
        door.signal.removeEventListener('abort', cancel);
        cancel();
        open();
        moveOn();
      },
    };
  }
}

/** One pass at a time over all that may have been missed; whoever asks meanwhile gets one more. Never rejects. */
function createReader(deps: ConnectDeps): { read(door: Door): Promise<void> } {
  const { clock, intake, log } = deps;
  const read = createBacklog(deps);
  let [isAsked, isReading, reading] = [false, false, Promise.resolve()];
  return {
    read: (door) => {
      isAsked = true;
      if (!isReading) reading = passes(door);
      return reading;
    },
  };

  async function passes(door: Door): Promise<void> {
    isReading = true;
    const moveOn = intake.stay();
    while (isAsked && !door.signal.aborted) {
      isAsked = false;
      try {
        await read(door);
      } catch (error) {
        isAsked = true;
        log.error('backlog.failed', { channel: 'slack', why: messageOf(error) });
        await clock.sleep(backlogAgainMs, door.signal);
      }
    }
    // Stopped in the middle of it, the next start begins where this one did.
    if (!door.signal.aborted) moveOn();
    isReading = false;
  }
}

/** From before the first message can come until what was missed is stored, what comes in waits. */
interface CatchUp {
  /** Contract: never rejects. */
  read(door: Door): Promise<void>;
  drop(): void;
}

const nothingDue: CatchUp = { read: () => Promise.resolve(), drop: () => undefined };

const packetSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello') }),
  z.object({ type: z.literal('disconnect'), reason: z.string().default('') }),
  ...(['events_api', 'interactive', 'slash_commands'] as const).map((type) =>
    z.object({ type: z.literal(type), envelope_id: z.string(), payload: z.unknown() }),
  ),
]);

/**
 * Slack's client opens the socket, asks for pings and closes it. What comes over it is read here: the client hands it on
 * without a look at its shape, which a malformed payload turns into an unhandled rejection.
 */
async function openSocket(
  deps: ConnectDeps,
  { apiRoot, way }: SlackSettings,
  { signal }: Door,
): Promise<Connection | Failure> {
  const { SocketModeClient: Client } = await import('@slack/socket-mode');
  const over = new AbortController();
  const life = AbortSignal.any([signal, over.signal]);
  const { logger, ...clientOptions } = webOptions(apiRoot, deps.fetch, life);
  const socket = new Client({
    appToken: way.mode === 'socket' ? way.appToken : '',
    autoReconnectEnabled: false,
    clientPingTimeout: deps.silenceMs,
    logger,
    clientOptions,
  });
  const ended = Promise.withResolvers<End>();
  socket.removeAllListeners('ws_message');
  socket.on('ws_message', (data: unknown) => void hear(deps, { socket, end: ended.resolve }, data));
  const close = (): void => closeSocket(socket);
  signal.addEventListener('abort', close, { once: true });
  socket.once('disconnected', () => {
    signal.removeEventListener('abort', close);
    ended.resolve({ type: 'broken', why: 'the connection to Slack broke' });
  });
  const starting = socket.start();
  try {
    await within({ clock: deps.clock, ms: helloMs, signal }, (both) =>
      orAborted(starting, both, () => new Error('stopped')),
    );
  } catch (error) {
    starting.catch(() => undefined);
    // Else an address that comes late would still open a socket that nobody listens to.
    over.abort();
    close();
    if (error instanceof Error && error.name.startsWith('WebAPI')) return failureOf(error, signal);
    return {
      type: 'lost',
      word: '',
      why: 'Slack opened no socket, or did not say hello on it',
      retryAfterMs: null,
    };
  }
  return { ended: ended.promise, openedAt: deps.clock.elapsed(), close };
}

interface Line {
  readonly socket: SocketModeClient;
  readonly end: (end: End) => void;
}

async function hear({ intake, log }: ConnectDeps, { socket, end }: Line, data: unknown): Promise<void> {
  const packet = packetSchema.safeParse(typeof data === 'string' ? parseJson(data) : undefined);
  if (!packet.success)
    return log.warn('event.skipped', { channel: 'slack', why: 'no envelope of Socket Mode' });
  const { data: it } = packet;
  if (it.type === 'hello') return void socket.emit('connected');
  if (it.type === 'disconnect') {
    const why = 'Socket Mode is switched off for the app (api.slack.com/apps, Socket Mode)';
    return end(it.reason === 'link_disabled' ? { type: 'off', why } : { type: 'renew' });
  }
  try {
    await intake.accept(it.type, it.payload);
  } catch (error) {
    // Not acknowledged: Slack sends it again.
    return log.error('event.refused', { channel: 'slack', why: messageOf(error) });
  }
  const payload = answerTo(it.type) ?? {};
  // A socket that has ended meanwhile takes no acknowledgement: it comes again, and is known.
  socket.websocket?.send(JSON.stringify({ envelope_id: it.envelope_id, payload }), () => undefined);
}

/** The first call says farewell, the second does not wait for the answer. */
function closeSocket(socket: SocketModeClient): void {
  void socket.disconnect();
  socket.websocket?.disconnect();
}

/** Only a new token or setting helps. */
const hopeless =
  /^(invalid_auth|not_authed|account_inactive|token_revoked|token_expired|user_removed_from_team|team_disabled|team_access_not_granted|missing_scope|not_allowed_token_type|no_permission)$/;

function outcomeOf({ word, why, retryAfterMs }: Failure): Outcome {
  if (!hopeless.test(word)) return { ok: false, why, pause: retryAfterMs ?? reconnect };
  const cure = 'make the token anew at api.slack.com/apps and put it into the configuration';
  return { ok: false, why: `token refused (${why}): ${cure}`, pause: reconnectSeldom };
}
