import type { Server } from 'node:http';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { bot, guildFields, type Json, type World } from './world.ts';

const op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalid: 9,
  hello: 10,
  ack: 11,
};
const invalidSession = { op: op.invalid, d: false };
const askEveryMs = 15;
/** Discord keeps a session for some minutes; here so many sessions. */
const sessionsKept = 4;

/** A dispatch as it was handed to a session. `delivery` counts what people did; null for what Discord says itself. */
interface Handed {
  readonly s: number;
  readonly event: Json;
  readonly delivery: number | null;
}

interface Session {
  readonly id: string;
  readonly events: Handed[];
  /** Deliveries that this session read back over REST, and the sequence at that time. */
  readonly readBack: { readonly s: number; readonly delivery: number }[];
  seq: number;
  socket: WebSocket | null;
}

export interface Gateway {
  /** `IDENTIFY`, `RESUME@<sequence>` and closes, in order of arrival. */
  readonly log: readonly string[];
  readonly intents: () => number | null;
  readonly sockets: () => number;
  /** Deliveries that a heartbeat's sequence covers: the bot has them. */
  readonly acknowledged: ReadonlySet<number>;
  /**
   * To every session; returns the number of the delivery. What nobody could read back (`isListed`: somebody could) waits
   * for the first session there ever is; after that, what happens while there is none is never sent.
   */
  deliver(payload: Json, isListed?: boolean): number;
  /** Somebody read these back. */
  wasRead(deliveries: readonly number[]): void;
  /** Nothing is answered or sent any more, and sockets stay open: a half-open connection. */
  mute(silent: boolean): void;
  /** Closes what is connected. */
  drop(code?: number): void;
  /** Asks what is connected to come again (op 7). */
  reconnect(): void;
  /** Whoever resumes from now on has to identify anew. */
  forgetSessions(): void;
  /** Something that stands on the wire as it is given, to everybody. */
  frame(text: string): void;
  /** Every IDENTIFY is closed with this code; null: none. */
  refuseWith(code: number | null): void;
  close(): void;
}

export interface GatewayOptions {
  readonly world: World;
  readonly token: string;
  readonly heartbeatMs: number;
  readonly joinedAt: () => number;
  /** Only the newest so many dispatches of a session are kept for RESUME. */
  readonly keep: number;
  readonly onAcknowledged: (deliveries: readonly number[]) => void;
}

/** The gateway on the server's own port: identify, resume, heartbeats, dispatches; what a heartbeat covers is received. */
export function createGateway(server: Server, options: GatewayOptions): Gateway {
  const { world } = options;
  const sessions: Session[] = [];
  const log: string[] = [];
  const acknowledged = new Set<number>();
  const held: (readonly [Json, number])[] = [];
  let deliveries = 0;
  let made = 0;
  let silent = false;
  let refusal: number | null = null;
  let intents: number | null = null;
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => connected(socket, request.headers.host ?? ''));
  const asking = setInterval(askForHeartbeats, askEveryMs);

  return {
    log,
    intents: () => intents,
    sockets: () => sockets.clients.size,
    acknowledged,
    deliver: (payload, isListed = false) => {
      deliveries += 1;
      if (made === 0 && !isListed) held.push([payload, deliveries]);
      for (const session of sessions) dispatch(session, payload, deliveries);
      return deliveries;
    },
    wasRead: (ids) => {
      const session = sessions.at(-1);
      const open = ids.filter((delivery) => !acknowledged.has(delivery));
      if (session !== undefined)
        session.readBack.push(...open.map((delivery) => ({ s: session.seq, delivery })));
    },
    mute: (on) => {
      silent = on;
    },
    drop: (code = 4000) => {
      for (const socket of sockets.clients) socket.close(code);
    },
    reconnect: () => {
      for (const socket of sockets.clients) send(socket, { op: op.reconnect, d: null });
    },
    forgetSessions: () => {
      sessions.length = 0;
    },
    frame: (text) => {
      for (const socket of sockets.clients) socket.send(text);
    },
    refuseWith: (code) => {
      refusal = code;
    },
    close: () => {
      clearInterval(asking);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };

  function connected(socket: WebSocket, host: string): void {
    let session: Session | null = null;
    send(socket, { op: op.hello, d: { heartbeat_interval: options.heartbeatMs } });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null;
    });
    socket.on('message', (data) => {
      if (silent) return;
      const { op: code, d } = packetOf(data);
      if (code === op.heartbeat) {
        if (session !== null) received(session, Number(d ?? 0));
        send(socket, { op: op.ack });
      }
      if (code === op.identify) session = identified(socket, host, d);
      if (code === op.resume) session = resumed(socket, d);
    });
  }

  function identified(socket: WebSocket, host: string, d: unknown): Session | null {
    log.push('IDENTIFY');
    const fields = recordOf(d);
    intents = Number(fields['intents']);
    const code = fields['token'] === options.token ? refusal : 4004;
    if (code !== null) {
      socket.close(code);
      return null;
    }
    made += 1;
    const session: Session = { id: `session-${made}`, events: [], readBack: [], seq: 0, socket };
    sessions.push(session);
    if (sessions.length > sessionsKept) sessions.shift();
    const ready = {
      v: 10,
      user: { ...bot, discriminator: '0', avatar: null },
      guilds: [{ id: world.guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: `ws://${host}`,
      shard: [0, 1],
      application: { id: bot.id, flags: 0 },
      private_channels: [],
    };
    dispatch(session, { t: 'READY', d: ready }, null);
    dispatch(session, { t: 'GUILD_CREATE', d: guildFields(world, options.joinedAt()) }, null);
    for (const [payload, delivery] of held.splice(0)) dispatch(session, payload, delivery);
    return session;
  }

  function resumed(socket: WebSocket, d: unknown): Session | null {
    const { session_id: id, seq, token } = recordOf(d);
    log.push(`RESUME@${String(seq)}`);
    const session = sessions.find((session) => session.id === id);
    if (session === undefined || token !== options.token) {
      send(socket, invalidSession);
      return null;
    }
    session.socket?.close(4000); // one connection a session
    session.socket = socket;
    for (const event of session.events.filter(({ s }) => s > Number(seq))) hand(session, event);
    dispatch(session, { t: 'RESUMED', d: {} }, null);
    return session;
  }

  function dispatch(session: Session, payload: Json, delivery: number | null): void {
    session.seq += 1;
    const handed = { s: session.seq, event: { ...payload, s: session.seq }, delivery };
    session.events.push(handed);
    if (session.events.length > options.keep) session.events.shift();
    hand(session, handed);
  }

  function hand(session: Session, { event }: Handed): void {
    if (session.socket !== null) send(session.socket, { op: op.dispatch, ...event });
  }

  function received(session: Session, seq: number): void {
    const covered = [...session.events, ...session.readBack].filter(({ s }) => s <= seq);
    const fresh = covered.flatMap(({ delivery }) => (delivery === null ? [] : [delivery]));
    const news = [...new Set(fresh)].filter((delivery) => !acknowledged.has(delivery));
    for (const delivery of news) acknowledged.add(delivery);
    if (news.length > 0) options.onAcknowledged(news);
  }

  /** Discord may ask for a heartbeat at any time; so it is soon known what was received. */
  function askForHeartbeats(): void {
    if (silent || acknowledged.size === deliveries) return;
    for (const socket of sockets.clients) send(socket, { op: op.heartbeat, d: null });
  }

  function send(socket: WebSocket, packet: Json): void {
    if (!silent && socket.readyState === socket.OPEN) socket.send(JSON.stringify(packet));
  }
}

function packetOf(data: RawData): Json {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data);
  return recordOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

export function recordOf(it: unknown): Json {
  return isRecord(it) ? it : {};
}

function isRecord(it: unknown): it is Json {
  return typeof it === 'object' && it !== null && !Array.isArray(it);
}
