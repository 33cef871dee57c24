import { once } from 'node:events';
import net from 'node:net';
import { type Lane, createLane } from './lane.ts';

/** What goes wrong. All of it may be changed while connections live; without faults the proxy is transparent. */
export interface ProxyFaults {
  /** Each piece arrives this much later, in order, in both directions. */
  readonly latencyMs: number;
  /** In each direction of each connection. */
  readonly bytesPerSecond: number;
  /** What a new connection meets. `black-hole`: it is accepted and never answered. `reset`: accepted, then RST. */
  readonly connect: 'pass' | 'black-hole' | 'reset';
  /** A hit request's connection ends after so many further bytes of that direction have passed. */
  readonly cutAfterUp: number;
  readonly cutAfterDown: number;
  readonly cutBy: 'close' | 'reset';
  /** `drop`: the request reaches the upstream, of its response no byte comes back, and the connection ends (by `cutBy`). */
  readonly response: 'pass' | 'drop' | 'twice';
  /** `twice`: the upstream gets the bytes of the request a second time, on a connection whose answers nobody reads. */
  readonly request: 'once' | 'twice';
  /** Only requests whose bytes hold this text are hit by the five above; '' hits each one. */
  readonly only: string;
  /** So many requests are hit, then none is until faults are set again. */
  readonly times: number;
}

const noFaults: ProxyFaults = {
  latencyMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  connect: 'pass',
  cutAfterUp: Number.POSITIVE_INFINITY,
  cutAfterDown: Number.POSITIVE_INFINITY,
  cutBy: 'close',
  response: 'pass',
  request: 'once',
  only: '',
  times: Number.POSITIVE_INFINITY,
};

export interface ChaosProxy extends AsyncDisposable {
  readonly port: number;
  /** The upstream's address with the proxy's port: `http://127.0.0.1:PORT/path`. */
  readonly url: string;
  /** These faults and no others, from now on, for live connections too. */
  set(faults: Partial<ProxyFaults>): void;
  /** No faults any more, and the port is open. What was frozen stays dead: its peer is gone. */
  heal(): Promise<void>;
  /** Live connections become half-open: to both ends they look alive, and nothing passes any more, neither FIN nor RST. */
  freeze(): void;
  /** Live connections end now. */
  cut(by?: ProxyFaults['cutBy']): void;
  /** The port is closed: new connections are refused. Live ones go on. */
  refuse(): Promise<void>;
  /** Connections ever, those alive now (frozen ones included), and requests that were hit. */
  counts(): { readonly opened: number; readonly live: number; readonly hits: number };
  close(): Promise<void>;
}

interface State {
  readonly target: { readonly host: string; readonly port: number };
  readonly live: Set<Connection>;
  faults: ProxyFaults;
  opened: number;
  hits: number;
  hitsLeft: number;
}

interface Connection {
  freeze(): void;
  cut(by: ProxyFaults['cutBy']): void;
  /** Faults were set: bytes are counted from here. */
  recount(): void;
}

/**
 * A TCP proxy on loopback that breaks as networks do. It knows nothing of what passes but this: where it must tell
 * requests from each other, one begins at a piece that starts like `POST /`, or else with the connection.
 */
export async function startProxy(upstream: string): Promise<ChaosProxy> {
  const address = new URL(upstream);
  const target = { host: address.hostname, port: Number(address.port) };
  const state: State = {
    target,
    live: new Set(),
    faults: noFaults,
    opened: 0,
    hits: 0,
    hitsLeft: Number.POSITIVE_INFINITY,
  };
  let server = await listen(state, 0);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  address.port = String(port);
  const set = (faults: Partial<ProxyFaults>): void => {
    state.faults = { ...noFaults, ...faults };
    state.hitsLeft = state.faults.times;
    for (const connection of state.live) connection.recount();
  };
  const cut = (by: ProxyFaults['cutBy'] = 'close'): void => {
    for (const connection of state.live) connection.cut(by);
  };
  const close = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : null;
    server.close();
    cut('reset');
    await closed;
  };
  return {
    port,
    url: address.href.replace(/\/$/, ''),
    set,
    heal: async () => {
      set({});
      if (!server.listening) server = await listen(state, port);
    },
    freeze: () => {
      for (const connection of state.live) connection.freeze();
    },
    cut,
    refuse: async () => {
      // Its `close` event waits for live connections; the port is closed at once.
      server.close();
    },
    counts: () => ({ opened: state.opened, live: state.live.size, hits: state.hits }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(state: State, port: number): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, (client) => accept(state, client));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function accept(state: State, client: net.Socket): void {
  state.opened += 1;
  if (state.faults.connect === 'reset') {
    client.resetAndDestroy();
    return;
  }
  const dial = (): net.Socket => net.connect({ ...state.target, allowHalfOpen: true });
  const connection = state.faults.connect === 'black-hole' ? swallow(client) : join(state, client, dial);
  state.live.add(connection);
  client.once('close', () => state.live.delete(connection));
}

/** Reads and forgets; ends only when it is cut. */
function swallow(client: net.Socket): Connection {
  ignoreErrors(client);
  client.resume();
  return { freeze: () => undefined, cut: (by) => end(client, by), recount: () => undefined };
}

function join(state: State, client: net.Socket, dial: () => net.Socket): Connection {
  const upstream = dial();
  let echo: net.Socket | null = null;
  let isHit = false;
  let frozen = false;
  let [wentUp, wentDown] = [0, 0];
  const up = createLane(client, upstream, () => state.faults);
  const down = createLane(upstream, client, () => state.faults);
  const cut = (by: ProxyFaults['cutBy']): void => {
    for (const socket of [client, upstream, echo]) if (socket !== null) end(socket, by);
  };
  ignoreErrors(client);
  ignoreErrors(upstream);
  // A side that broke off takes the other with it as it broke: an error as RST, a plain end in order behind its bytes.
  upstream.once('error', () => frozen || end(client, 'reset'));
  client.once('error', () => frozen || end(upstream, 'reset'));
  carry(up, client, onUp);
  carry(down, upstream, onDown);
  return { freeze, cut, recount };

  function onUp(piece: Buffer): Passed {
    if (wentUp === 0 || /^[A-Z]+ \//.test(piece.toString('latin1', 0, 16))) isHit = false;
    meet(piece);
    wentUp += piece.length;
    if (!isHit) return { parts: [piece], ends: false };
    if (state.faults.request === 'twice') repeat(piece);
    return within(piece, wentUp - state.faults.cutAfterUp);
  }

  function onDown(piece: Buffer): Passed {
    wentDown += piece.length;
    if (!isHit) return { parts: [piece], ends: false };
    const { response, cutAfterDown } = state.faults;
    if (response === 'drop') return { parts: [], ends: true };
    const { parts, ends } = within(piece, wentDown - cutAfterDown);
    return { parts: response === 'twice' ? [...parts, ...parts] : parts, ends };
  }

  function carry(lane: Lane, from: net.Socket, through: (piece: Buffer) => Passed): void {
    from.on('data', (piece: Buffer) => {
      if (lane.isStopped()) return;
      const { parts, ends } = through(piece);
      for (const part of parts) lane.push(part);
      const { cutBy } = state.faults;
      if (ends) lane.behind(() => cut(cutBy));
    });
    from.once('end', () => lane.end());
  }

  function meet(piece: Buffer): void {
    const { only } = state.faults;
    if (isHit || state.hitsLeft <= 0 || !(only === '' || piece.includes(only))) return;
    isHit = true;
    [wentUp, wentDown] = [0, 0];
    state.hits += 1;
    state.hitsLeft -= 1;
  }

  function repeat(piece: Buffer): void {
    if (echo === null) {
      echo = dial();
      ignoreErrors(echo);
      echo.resume();
      client.once('close', () => echo?.end());
    }
    echo.write(piece);
  }

  function freeze(): void {
    frozen = true;
    up.stop();
    down.stop();
  }

  function recount(): void {
    isHit = false;
    [wentUp, wentDown] = [0, 0];
  }
}

/** What of a piece passes, and whether the connection ends behind it. */
interface Passed {
  readonly parts: readonly Buffer[];
  readonly ends: boolean;
}

function within(piece: Buffer, excess: number): Passed {
  if (excess < 0) return { parts: [piece], ends: false };
  const left = piece.subarray(0, Math.max(0, piece.length - excess));
  return { parts: left.length === 0 ? [] : [left], ends: true };
}

function end(socket: net.Socket, by: ProxyFaults['cutBy']): void {
  if (by === 'reset') socket.resetAndDestroy();
  else socket.destroy();
}

function ignoreErrors(socket: net.Socket): void {
  socket.on('error', () => undefined);
}
