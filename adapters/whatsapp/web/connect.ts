import { messageOf } from '#core/errors.ts';
import type { LinkOffer, LinkPort, PlatformDeps, SinkPort } from '#core/ports/adapter.ts';
import { backoffMs } from '#lib/backoff.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import { orAborted, within } from '#lib/net/within.ts';
import { parseJson } from '#lib/read/json.ts';
import { createPeople } from './address.ts';
import { type Keys, loadKeys, sentKey } from './keys.ts';
import { createLink } from './link.ts';
import { type Opened, parseMessage } from './parse.ts';
import { quietLibrary } from './quiet.ts';
import { type Lib, type Line, type Server, notStored, openLine, wentSilent } from './socket.ts';

export interface ConnectDeps extends Pick<PlatformDeps, 'clock' | 'log' | 'random' | 'state'> {
  readonly server: Server | null;
}

export interface Connection {
  /** Stays connected until the signal aborts; while no phone lets it in, it waits for somebody to ask for an offer. */
  run(sink: SinkPort, signal: AbortSignal): Promise<void>;
  /** The open connection, or in words why there is none. One that is being opened is waited for, not for long. */
  line(signal: AbortSignal): Promise<OpenLine | string>;
  /** Contract: rejects with words where it is not installed. */
  library(): Promise<Lib>;
  readonly link: LinkPort;
  isLinked(): boolean;
  /** Epoch ms: when the last message of anybody came in; null: none since the start. */
  heardAt(): number | null;
}

export interface OpenLine {
  readonly line: Line;
  readonly lib: Lib;
}

/** What is known of the link at the moment. */
export interface LinkState {
  lib: Lib | null;
  keys: Keys | null;
  line: Line | null;
  offer: LinkOffer | null;
  /** Until then somebody looks at the offers, by `clock.elapsed`. */
  wantedUntil: number;
  wake: () => void;
  heardAt: number | null;
  why: string;
  /** Why the link is over, for the next time that it is told. */
  lostBy: string | null;
  /** By `clock.elapsed`: when the connection was up; null: it was not. */
  upAt: number | null;
  /** So many connections one after another that were up and ended soon. */
  shortLived: number;
}

/** Where events go, and how long. */
interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
}

/** A server that is silent is noticed earlier. */
const helloMs = 120_000;
/** The library shows the first code for a minute, and each further one for twenty seconds. */
const firstQrMs = 60_000;
const nextQrMs = 20_000;
const askAgainMs = 1_000;
/** A connection that was up for so long was a good one. */
const steadyMs = 60_000;
const shortLived = { firstMs: 2_000, maxMs: 300_000, jitter: 0.2 } as const;
/** Messages come in before a connection is open for others. */
const openingMs = 5_000;
const notLinked =
  'not linked: run `tiro channels link whatsapp` and scan the code with the phone (WhatsApp, Linked devices)';
const missing =
  'the package baileys is not installed: run `npm install --include=optional` in the folder of Tiro, then start it again';

export function createConnection(deps: ConnectDeps): Connection {
  const state: LinkState = {
    lib: null,
    keys: null,
    line: null,
    offer: null,
    wantedUntil: Number.NEGATIVE_INFINITY,
    wake: () => undefined,
    heardAt: null,
    why: 'the connection to WhatsApp is not open yet',
    lostBy: null,
    upAt: null,
    shortLived: 0,
  };
  return {
    heardAt: () => state.heardAt,
    isLinked: () => state.keys?.isLinked() ?? false,
    line: async (signal) => {
      const { line, lib, keys } = state;
      if (line === null || lib === null || keys?.isLinked() !== true) return state.why;
      const waiting = { clock: deps.clock, ms: openingMs, signal };
      const isUp =
        line.isOpen() || (await within(waiting, (both) => untilOpen(line, both)).catch(() => false));
      return isUp && line.isOpen() ? { line, lib } : state.why;
    },
    library: async () => {
      state.lib ??= await loadLibrary();
      if (state.lib === null) throw new Error(missing);
      return state.lib;
    },
    link: createLink(deps, state),
    run: async (sink, signal) => {
      const door = { sink, signal };
      const tell = (to: 'up' | 'down', why: string): void => {
        state.why = why;
        sink.state(to, why);
      };
      const explain = (error: unknown): Outcome => ({ ok: false, why: messageOf(error), pause: reconnect });
      await keepConnected(deps, { step: () => step(deps, state, door), explain, tell }, signal);
      state.line?.close(0);
    },
  };
}

/** not linked → (somebody asks) → offers → linked → connecting → up → … → the connection ended → connecting. */
async function step(deps: ConnectDeps, state: LinkState, door: Door): Promise<Outcome> {
  const { clock } = deps;
  if (state.line !== null) return backedOff(deps, state, await outlast(state, state.line));
  state.lib ??= await loadLibrary();
  if (state.lib === null) return { ok: false, why: missing, pause: reconnectSeldom };
  const refused = (): void => state.line?.close(notStored);
  state.keys ??= await loadKeys({ ...deps, refused }, state.lib);
  if (!state.keys.isLinked()) return await offering(deps, state, door);
  await state.keys.prune();
  const line = open(deps, state, door);
  const hello = { clock, ms: helloMs, signal: door.signal };
  const isUp = await within(hello, (signal) => untilOpen(line, signal)).catch(() => false);
  if (isUp) {
    state.upAt = clock.elapsed();
    return { ok: true, pause: 0 };
  }
  line.close(0);
  return await outlast(state, line);
}

/** WhatsApp is asked for codes only while somebody wants to see them. */
async function offering(deps: ConnectDeps, state: LinkState, door: Door): Promise<Outcome> {
  const { signal } = door;
  const why = state.lostBy === null ? notLinked : `${state.lostBy}; ${notLinked}`;
  const isWanted = (): boolean => deps.clock.elapsed() < state.wantedUntil;
  if (state.why !== why) return { ok: false, why, pause: 0 };
  while (!isWanted() && !signal.aborted) await untilWoken(state, signal);
  if (signal.aborted) return { ok: false, why, pause: 0 };
  const line = open(deps, state, door);
  const { code } = await line.ended;
  state.offer = null;
  state.line = null;
  if (state.keys?.isLinked() !== true) {
    // What was shown is worth nothing any more.
    state.keys = null;
    // Nobody scanned in time: that is no trouble.
    if (code !== lost && !signal.aborted) state.lostBy = told[code]?.[0] ?? broke;
    return { ok: false, why, pause: isWanted() ? askAgainMs : 0 };
  }
  await state.keys.saveCreds();
  state.lostBy = null;
  // WhatsApp ends the connection over which it was linked, and wants another.
  return { ok: false, why: 'linked, connecting', pause: 0 };
}

async function untilWoken(state: LinkState, signal: AbortSignal): Promise<void> {
  const woken = Promise.withResolvers<void>();
  state.wake = woken.resolve;
  signal.addEventListener('abort', state.wake, { once: true });
  await woken.promise;
  signal.removeEventListener('abort', state.wake);
}

function open(deps: ConnectDeps, state: LinkState, { sink, signal }: Door): Line {
  const { clock, state: rows } = deps;
  const { lib, keys } = state;
  if (lib === null || keys === null) throw new Error('The library comes before the connection.');
  let offers = 0;
  const getSent = async (id: string): Promise<string | null> => {
    const row = parseJson((await rows.get(sentKey(id))) ?? '');
    const copy: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'copy') : null;
    return typeof copy === 'string' ? copy : null;
  };
  const qr = (text: string): void => {
    const ms = offers === 0 ? firstQrMs : nextQrMs;
    offers += 1;
    state.lostBy = null;
    const isTyping = state.offer?.kind === 'code' && state.offer.expiresAt > clock.now();
    if (!isTyping) state.offer = { kind: 'qr', text, expiresAt: clock.now() + ms };
  };
  const opened = async (line: Line, message: Opened): Promise<void> => {
    const { MESSAGE_EDIT: edit, REVOKE: revoke } = lib.proto.Message.ProtocolMessage.Type;
    const people = createPeople(keys.creds.me, line.sock.signalRepository.lidMapping);
    const event = await parseMessage(message, { people, now: clock.now(), edit, revoke });
    if (event === null) return;
    await sink.accept([event]);
    state.heardAt = clock.now();
  };
  state.line = openLine({ ...deps, lib, keys, getSent }, { opened, qr }, signal);
  return state.line;
}

/** A login that is taken and lost at once would else be tried each second, for hours. */
function backedOff({ clock, random }: ConnectDeps, state: LinkState, outcome: Outcome): Outcome {
  const lasted = clock.elapsed() - (state.upAt ?? clock.elapsed());
  state.shortLived = lasted < steadyMs ? state.shortLived + 1 : 0;
  if (outcome.pause !== reconnect || state.shortLived < 2) return outcome;
  return { ...outcome, pause: backoffMs(shortLived, state.shortLived - 1, random) };
}

const restart = 515;
const loggedOut = 401;
const lost = 408;
const broke = 'the connection to WhatsApp broke';

const told: Readonly<Record<number, readonly [string, typeof reconnect]>> = {
  [wentSilent]: ['WhatsApp says nothing any more', reconnect],
  [notStored]: ['what came in could not be stored', reconnect],
  402: ['WhatsApp has suspended this account for a while: look at the phone', reconnectSeldom],
  403: ['WhatsApp has blocked this account: look at the phone', reconnectSeldom],
  405: ['WhatsApp refuses this version of its web client: update Tiro', reconnectSeldom],
  409: ['WhatsApp refuses this version of its web client: update Tiro', reconnectSeldom],
  411: ['the phone does not offer linked devices: update WhatsApp on it', reconnectSeldom],
  440: ['another program uses this link: stop it, or unlink and link anew', reconnectSeldom],
  503: ['WhatsApp is not available', reconnect],
};

/** What the number of an end means, and how soon the next try makes sense. */
async function outlast(state: LinkState, line: Line): Promise<Outcome> {
  const { code, wasOpen } = await line.ended;
  if (state.line === line) state.line = null;
  if (code === restart && wasOpen) return { ok: true, pause: askAgainMs };
  if (code === loggedOut) {
    state.lostBy ??= 'the phone removed this device';
    await state.keys?.forget();
    state.keys = null;
    return { ok: false, why: state.lostBy, pause: 0 };
  }
  const [why, pause] = told[code] ?? [broke, reconnect];
  return { ok: false, why, pause };
}

/** Null where it is not installed: it is an optional package. */
async function loadLibrary(): Promise<Lib | null> {
  quietLibrary();
  try {
    return await import('baileys');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** False where the connection ended first. Rejects when the signal aborts. */
async function untilOpen(line: Line, signal: AbortSignal): Promise<boolean> {
  const first = Promise.race([line.opened.then(() => true), line.ended.then(() => false)]);
  return await orAborted(first, signal, () => new Error('stopped'));
}
