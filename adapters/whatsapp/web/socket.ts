import { Agent } from 'node:https';
import type * as Baileys from 'baileys';
import { messageOf } from '#core/errors.ts';
import type { LogPort, ClockPort } from '#core/ports/clock.ts';
import { createInOrder } from '#lib/in-order.ts';
import type { Keys } from './keys.ts';
import type { Opened } from './parse.ts';
import { createRatchet } from './ratchet.ts';

export type Lib = typeof Baileys;
type Node = Baileys.BinaryNode;

/** Where WhatsApp is. Another place than its own exists in tests only: there is no setting for it. */
export interface Server {
  /** `ws://…`: without TLS. */
  readonly url: string;
  /** Signs the certificate of the server. */
  readonly rootKey: Uint8Array;
  /** `http://…`: where files lie. */
  readonly media: string;
}

/** How a connection ended: by the number that WhatsApp or the library gives for it. */
export interface End {
  readonly code: number;
  /** It was open. */
  readonly wasOpen: boolean;
}

export interface Line {
  readonly sock: Baileys.WASocket;
  /** Resolves when it is logged in; never where it is not. */
  readonly opened: Promise<void>;
  readonly ended: Promise<End>;
  /** Aborts when it ends. */
  readonly over: AbortSignal;
  isOpen(): boolean;
  close(code: number): void;
}

export interface LineDeps {
  readonly lib: Lib;
  readonly keys: Keys;
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly server: Server | null;
  getSent(id: string): Promise<string | null>;
}

export interface LineEvents {
  /** Contract: resolves after what was said is stored, or says nothing to us. A rejection ends the connection. */
  opened(line: Line, opened: Opened): Promise<void>;
  qr(text: string): void;
}

const ownUrl = 'wss://web.whatsapp.com/ws/chat';
/** Without any word from the server it is dead; asked for one four times in that while. */
const silenceMs = 60_000;
const watchMs = 15_000;
const queryMs = 15_000;
const groupsForMs = 300_000;
const lastWordMs = 50;

/** Opens a socket of the library. Contract: never throws; `ended` resolves once, whatever happens. */
export function openLine(deps: LineDeps, events: LineEvents, signal: AbortSignal): Line {
  const { lib, keys, clock } = deps;
  const stanzas: Stanzas = new WeakMap();
  const end = Promise.withResolvers<End>();
  const login = Promise.withResolvers<void>();
  const over = new AbortController();
  let isUp = false;
  const ratchet = createRatchet(ratchetDeps(deps, { events, stanzas, line: () => line }));
  const sock = lib.makeWASocket({
    ...socketSettings(deps),
    auth: { creds: keys.creds, keys: keys.store },
    cachedGroupMetadata: createGroupCache(deps, () => sock),
    // A query whose connection is over would hold everything up until its time is over too.
    makeSignalRepository: (auth, logger, ask) =>
      ratchet(auth, logger, (jids) => unlessOver(over.signal, ask?.(jids))),
  });
  const line: Line = {
    sock,
    opened: login.promise,
    ended: end.promise,
    over: over.signal,
    isOpen: () => isUp && !over.signal.aborted,
    close: (code) => {
      if (over.signal.aborted) return;
      over.abort(new Error('the connection is over'));
      end.resolve({ code, wasOpen: isUp });
      void Promise.resolve(sock.end(undefined)).catch(() => undefined);
    },
  };
  guard(sock, deps);
  // Nobody hears how the library's own listener for calls ends: a failure of it would end the process.
  sock.ev.removeAllListeners('call');
  noteStanzas(sock, stanzas);
  sock.ev.on('creds.update', () => void keys.saveCreds().catch(() => line.close(0)));
  sock.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr !== undefined) events.qr(qr);
    if (connection === 'open') {
      isUp = true;
      login.resolve();
    }
    if (connection === 'close') line.close(codeOf(lastDisconnect?.error));
  });
  // Another web server answers in place of WhatsApp: the library waits on, and says nothing.
  sock.ws.on('unexpected-response', () => line.close(0));
  signal.addEventListener('abort', () => line.close(0), { once: true, signal: over.signal });
  if (signal.aborted) line.close(0);
  watch(line, clock);
  return line;
}

/** In which stanza a ciphertext came, by the ciphertext. */
type Stanzas = WeakMap<object, Opened['attrs']>;

/**
 * Before the library itself looks at them. What was said while we were away it would put into a queue of its own, which
 * what is said now would pass.
 */
function noteStanzas({ ws }: Baileys.WASocket, stanzas: Stanzas): void {
  ws.prependListener('CB:message', ({ content, attrs }: Node) => {
    delete attrs['offline'];
    const children = Array.isArray(content) ? content : [];
    for (const child of children) if (child.content instanceof Uint8Array) stanzas.set(child.content, attrs);
  });
}

function ratchetDeps(
  { lib, keys, clock, log }: LineDeps,
  to: { readonly events: LineEvents; readonly stanzas: Stanzas; readonly line: () => Line },
): Parameters<typeof createRatchet>[0] {
  const { events, stanzas, line } = to;
  return {
    lib,
    keys,
    make: lib.DEFAULT_CONNECTION_CONFIG.makeSignalRepository,
    now: clock.now,
    check: () => line().over.throwIfAborted(),
    opened: async (ciphertext, message) => {
      try {
        await events.opened(line(), { attrs: stanzas.get(ciphertext) ?? {}, message });
      } catch (error) {
        log.error('event.refused', { channel: 'whatsapp', why: messageOf(error) });
        line().close(notStored);
        throw error;
      }
    },
    unreadable: (ciphertext) => {
      const { id } = stanzas.get(ciphertext) ?? {};
      log.warn('event.skipped', { channel: 'whatsapp', id, why: 'no message of WhatsApp' });
    },
  };
}

/** A server that says nothing is asked for a word; one that still says nothing is gone. */
function watch(line: Line, clock: ClockPort): void {
  let heardAt = clock.elapsed();
  line.sock.ws.on('frame', () => void (heardAt = clock.elapsed()));
  const look = (): void => {
    if (line.over.aborted) return;
    if (clock.elapsed() - heardAt > silenceMs) return line.close(wentSilent);
    if (line.isOpen()) void line.sock.query(ping(line.sock), queryMs).catch(() => undefined);
    clock.after(watchMs, look);
  };
  clock.after(watchMs, look);
}

/** The numbers that we give ourselves: the server was silent; what it brought could not be stored. */
export const wentSilent = 1;
export const notStored = 2;

/** What the library is told: where WhatsApp is, and what not to do. */
export function socketSettings({
  lib,
  getSent,
  server,
}: Pick<LineDeps, 'lib' | 'getSent' | 'server'>): Partial<Baileys.UserFacingSocketConfig> {
  if (server !== null) lib.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(server.rootKey);
  return {
    waWebSocketUrl: server?.url ?? ownUrl,
    // What the certificate of the connection says is the only proof of who the server is: no variable weakens it.
    ...(server === null ? { agent: new Agent({ rejectUnauthorized: true }) } : {}),
    browser: ['Tiro', 'Chrome', '1.0.0'],
    logger: silent,
    syncFullHistory: false,
    shouldSyncHistoryMessage: () => false,
    // Whoever is online on a further device gets no notifications on the phone.
    markOnlineOnConnect: false,
    shouldIgnoreJid: (jid) => jid.endsWith('@broadcast') || jid.endsWith('@newsletter'),
    keepAliveIntervalMs: 30_000,
    connectTimeoutMs: 20_000,
    defaultQueryTimeoutMs: queryMs,
    emitOwnEvents: false,
    getMessage: async ({ id }) => {
      const text = id ? await getSent(id) : null;
      return text === null ? undefined : lib.proto.Message.decode(Buffer.from(text, 'base64'));
    },
  };
}

/** It would print keys. */
const silent: NonNullable<Baileys.UserFacingSocketConfig['logger']> = {
  level: 'silent',
  child: () => silent,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * The library's own listeners are asynchronous. Nobody hears how they end, so a socket that closes under one would end the
 * process; and messages are looked at side by side, so one whose sender is new would be overtaken by the next.
 */
function guard({ ws }: Baileys.WASocket, { log, clock }: LineDeps): void {
  const told = (): void => log.warn('channel.stanza-failed', { channel: 'whatsapp' });
  const inOrder = createInOrder();
  for (const name of ws.eventNames()) {
    for (const listener of ws.listeners(name)) {
      if (!isListener(listener)) continue;
      const run = async (args: readonly unknown[]): Promise<unknown> =>
        await Reflect.apply(listener, ws, args);
      ws.off(name, listener);
      ws.on(name, (...args: unknown[]) => {
        if (name === 'CB:message') return void inOrder(() => run(args)).catch(told);
        // Why the server ended the connection stands in its last frame, which is still being read.
        const read = name === 'close' ? clock.sleep(lastWordMs) : null;
        void (read === null ? run(args) : read.then(() => run(args))).catch(told);
      });
    }
  }
}

function isListener(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}

function ping(sock: Baileys.WASocket): Node {
  const attrs = { id: sock.generateMessageTag(), to: 's.whatsapp.net', type: 'get', xmlns: 'w:p' };
  return { tag: 'iq', attrs, content: [{ tag: 'ping', attrs: {} }] };
}

/** Who is in a group is asked for before each message to it, and WhatsApp limits how often. */
function createGroupCache(
  { clock }: LineDeps,
  sock: () => Baileys.WASocket,
): (jid: string) => Promise<Baileys.GroupMetadata | undefined> {
  const known = new Map<string, { readonly at: number; readonly group: Baileys.GroupMetadata }>();
  let isListening = false;
  return async (jid) => {
    if (!isListening) sock().ev.on('group-participants.update', ({ id }) => void known.delete(id));
    isListening = true;
    const kept = known.get(jid);
    if (kept !== undefined && clock.elapsed() - kept.at < groupsForMs) return kept.group;
    const group = await sock().groupMetadata(jid);
    known.set(jid, { at: clock.elapsed(), group });
    return group;
  };
}

function codeOf(error: unknown): number {
  const output: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'output') : null;
  const code: unknown = typeof output === 'object' && output !== null ? Reflect.get(output, 'statusCode') : 0;
  return typeof code === 'number' ? code : 0;
}

async function unlessOver<T>(over: AbortSignal, work: Promise<T> | undefined): Promise<T | undefined> {
  const end = Promise.withResolvers<undefined>();
  const stop = (): void => end.resolve(undefined);
  if (over.aborted) stop();
  over.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    over.removeEventListener('abort', stop);
  }
}
