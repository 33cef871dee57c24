import { once } from 'node:events';
import http from 'node:http';
import { type BinaryNode, Curve, getBinaryNodeChild, type proto } from 'baileys';
import { WebSocketServer } from 'ws';
import { quietLibrary } from '#adapters/whatsapp/web/quiet.ts';
import { createInOrder } from '#lib/in-order.ts';
import { type Connection, accept } from './wire/connection.ts';
import { type Deliveries, createDeliveries } from './deliveries.ts';
import { type Files, createFiles, take } from './files.ts';
import { certificatesFor } from './wire/noise.ts';
import { type Pairing, createPairing } from './wire/pairing.ts';
import { type Device, type Phone, createPhone, padded } from './phone.ts';
import { answerTo } from './queries.ts';
import { type Call, type Seen, createReading } from './reading.ts';
import { type Screen, createScreen } from './screen.ts';
import { newId, node, seconds, serverName } from './wire/stanza.ts';

export type { Phone } from './phone.ts';
export type { Call, Seen } from './reading.ts';
export type { Screen } from './screen.ts';
export { textOf } from './screen.ts';

/** What a person says: where, and more than the words. */
export interface Saying {
  readonly group?: string;
  readonly id?: string;
  readonly message?: proto.IMessage;
  /** What is encrypted, where it is to be no message at all. */
  readonly plain?: Uint8Array;
  readonly attrs?: Readonly<Record<string, string>>;
  /** Only the number that hides the phone's is told. */
  readonly hidden?: boolean;
}

type Trouble = 'rate-limited' | 'server-error' | 'forbidden' | 'lost-answer' | 'hang';

export interface FakeWhatsApp extends Pick<Pairing, 'scan' | 'type'> {
  /** `http://127.0.0.1:PORT`: the socket under `/ws/chat`, files, and `POST /scan` for the owner's phone. */
  readonly url: string;
  readonly rootKey: Uint8Array;
  readonly owner: Phone;
  readonly device: () => Device | null;
  readonly calls: readonly Call[];
  readonly deliveries: Pick<Deliveries, 'all' | 'acknowledged' | 'retries'>;
  readonly files: Files;
  /** Everything that clients said. */
  readonly heard: readonly BinaryNode[];
  /** Of the person with this number, who has a phone from now on. */
  phone(user: string): Phone;
  /** In a direct chat (by the person's number) or a group. */
  screen(chat: string): Screen;
  /** Contract: resolves with its id when the server has it. Waits for a device that can be written to. */
  say(from: Phone, text: string, saying?: Saying): Promise<string>;
  /** The very same stanza once more. */
  again(id: string): void;
  /** The phone lost a message of the bot before it could show it, and asks for it anew. */
  lose(phone: Phone, id: string): void;
  /** Any stanza to the client. */
  push(stanza: BinaryNode): void;
  /** Every message of the bot meets it; null: none. `once`: only the next. */
  trouble(kind: Trouble | null, once?: boolean): void;
  /** Between doing and answering. */
  latencyMs: number;
  /** The connection breaks. */
  cut(): void;
  /** The server ends the connection with this number. */
  end(code: string): void;
  /** Linked devices, log out: on the phone. */
  unlink(): void;
  readonly connections: () => number;
  close(): Promise<void>;
}

export interface FakeOptions {
  /** Told of each message that a phone shows, before the bot has the answer. */
  readonly onDone?: (call: Call, seen: Seen) => void;
  readonly onAcknowledged?: (id: string) => void;
}

const ownUser = '15550001111';
const ownLid = '990001';
const codes: Readonly<Record<string, string>> = {
  'rate-limited': '429',
  'server-error': '500',
  forbidden: '403',
};

/** WhatsApp on a loopback port: its server, the phone of the owner, and those of whoever writes. */
export async function startFakeWhatsApp(options: FakeOptions = {}): Promise<FakeWhatsApp> {
  // The phones encrypt with the same library.
  quietLibrary();
  const rootKey = Curve.generateKeyPair();
  const staticKey = Curve.generateKeyPair();
  const certificates = certificatesFor(rootKey, staticKey);
  const phones = new Map<string, Phone>();
  const members = new Map<string, Set<Phone>>();
  const screens = new Map<string, Screen>();
  const stanzas = new Map<string, BinaryNode>();
  const [calls, heard]: [Call[], BinaryNode[]] = [[], []];
  const deliveries = createDeliveries((id) => options.onAcknowledged?.(id));
  const files = createFiles();
  const inOrder = createInOrder();
  const connections = new Set<Connection>();
  const state: {
    device: Device | null;
    live: Connection | null;
    trouble: Trouble | null;
    once: boolean;
    latencyMs: number;
  } = {
    device: null,
    live: null,
    trouble: null,
    once: false,
    latencyMs: 0,
  };
  const pairing = createPairing({
    user: ownUser,
    lidUser: ownLid,
    onPaired: (device) => void (state.device = device),
  });
  const phone = (user: string): Phone => {
    const known =
      phones.get(user) ??
      createPhone(user, user === ownUser ? ownLid : `88${user.slice(-8)}`, `Person ${user.slice(-4)}`);
    phones.set(user, known);
    return known;
  };
  const owner = phone(ownUser);
  const server = http.createServer((request, response) => {
    if (files.handle(request, response)) return;
    void scanned(request).then((isScan) => response.writeHead(isScan ? 200 : 404).end());
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => accept(socket, { staticKey, certificates }, { onReady, onNode }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const world = {
    ownUser,
    device: () => state.device,
    phoneOf: (user: string) => [...phones.values()].find((it) => it.isNamed(user)) ?? null,
    membersOf: (group: string) => [...(members.get(group) ?? [])],
    mediaHost: 'mmg.whatsapp.net',
    takesFiles: files.isOpen,
  };
  const onDone = (call: Call, seen: Seen): void => options.onDone?.(call, seen);
  const reading = createReading({ world, owner, deliveries, screen, onDone });

  return {
    url,
    rootKey: rootKey.public,
    owner,
    device: world.device,
    calls,
    heard,
    deliveries,
    files,
    phone,
    screen,
    scan: pairing.scan,
    type: pairing.type,
    say: (from, text, saying = {}) => inOrder(() => sayNow(from, text, saying)),
    again: (id) => {
      const stanza = stanzas.get(id);
      if (stanza !== undefined) deliveries.add({ id, stanza, seal: () => Promise.resolve(stanza) });
    },
    push: (stanza) => state.live?.send(stanza),
    lose: (reader, id) => {
      screen(reader.user).forget(id);
      reading.askAnew(reader, id, null);
    },
    trouble: (kind, isOnce = false) => {
      state.trouble = kind;
      state.once = isOnce;
    },
    get latencyMs() {
      return state.latencyMs;
    },
    set latencyMs(ms) {
      state.latencyMs = ms;
    },
    cut: () => state.live?.cut(),
    end: (code) => {
      state.live?.send(node('stream:error', { code }));
      state.live?.close();
    },
    unlink: () => {
      state.device = null;
      state.live?.send(node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]));
      state.live?.close();
    },
    connections: () => connections.size,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  function screen(chat: string): Screen {
    const known = screens.get(chat) ?? createScreen();
    screens.set(chat, known);
    return known;
  }

  /** `POST /scan`: what the owner's phone sees. */
  async function scanned(request: http.IncomingMessage): Promise<boolean> {
    const body = await take(request);
    if (request.method !== 'POST' || request.url !== '/scan') return false;
    pairing.scan(body.toString('utf8'));
    return true;
  }

  function onReady(connection: Connection): void {
    connections.add(connection);
    const { payload } = connection;
    if (payload.devicePairingData) return pairing.offer(connection);
    const jid = `${String(payload.username)}:${payload.device ?? 0}@${serverName}`;
    if (state.device?.jid !== jid) {
      connection.send(node('failure', { reason: '401', location: 'x' }));
      return connection.close();
    }
    const old = state.live;
    state.live = connection;
    if (old?.isOpen()) {
      deliveries.end(old);
      old.send(node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
      old.close();
    }
    connection.send(node('success', { t: seconds(), lid: state.device.lid, props: '1' }));
  }

  async function onNode(connection: Connection, stanza: BinaryNode): Promise<void> {
    heard.push(stanza);
    const { tag, attrs } = stanza;
    const id = attrs['id'] ?? '';
    if (tag === 'iq') {
      if (pairing.hear(connection, stanza) || attrs['type'] === 'result') return;
      connection.send(await answerTo(stanza, world));
      const isActive = attrs['xmlns'] === 'passive' && getBinaryNodeChild(stanza, 'active') !== undefined;
      if (isActive) deliveries.begin(connection);
      if (getBinaryNodeChild(stanza, 'remove-companion-device') !== undefined) state.device = null;
    }
    if (tag === 'receipt') await deliveries.hear(id, attrs['type'] === 'retry' ? 'retry' : 'plain');
    if (tag === 'ack' && attrs['class'] === 'receipt') deliveries.told(id);
    if (tag === 'ack' && attrs['class'] === 'message')
      await deliveries.hear(id, attrs['error'] === undefined ? 'plain' : 'refused');
    if (tag === 'message') await onMessage(connection, stanza);
  }

  async function sayNow(from: Phone, text: string, saying: Saying): Promise<string> {
    const id = saying.id ?? newId();
    const plain = saying.plain ?? padded(saying.message ?? { conversation: text });
    const { group } = saying;
    const device = await linkedDevice();
    if (group !== undefined) join(group, from);
    const place =
      group === undefined
        ? direct(from, saying)
        : { from: group, participant: from.jid, participant_lid: from.lid };
    const attrs = { type: 'text', id, t: seconds(), notify: from.name, ...place, ...saying.attrs };
    const sealed =
      group === undefined
        ? [await from.seal(plain, device, false)]
        : await from.sealForGroup(plain, group, device);
    const encs = sealed.map(({ type, ciphertext }) => node('enc', { v: '2', type }, ciphertext));
    const stanza = node('message', attrs, encs);
    stanzas.set(id, stanza);
    const seal = async (retry: number): Promise<BinaryNode> => {
      const { type, ciphertext } = await from.seal(plain, await linkedDevice(), true);
      return node('message', attrs, [node('enc', { v: '2', type, count: String(retry) }, ciphertext)]);
    };
    deliveries.add({ id, stanza, seal });
    return id;
  }

  function direct(from: Phone, { hidden = false }: Saying): Readonly<Record<string, string>> {
    return hidden ? { from: from.lid } : { from: from.jid, sender_lid: from.lid };
  }

  function join(group: string, who: Phone): void {
    members.set(group, (members.get(group) ?? new Set()).add(who));
  }

  /** One that has uploaded its keys. */
  async function linkedDevice(): Promise<Device> {
    for (;;) {
      const { device } = state;
      if (device !== null && device.signedPreKey !== null) return device;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function onMessage(connection: Connection, stanza: BinaryNode): Promise<void> {
    const { id = '', to = '' } = stanza.attrs;
    const isPeer = stanza.attrs['category'] === 'peer';
    const call: Call = { id, to, at: Date.now(), answeredAt: null };
    if (!isPeer) calls.push(call);
    const trouble = isPeer ? null : state.trouble;
    if (state.once) state.trouble = null;
    if (trouble === 'hang') return;
    const error = trouble === null ? undefined : codes[trouble];
    if (error === undefined && !isPeer) await reading.show(call, stanza);
    if (state.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, state.latencyMs));
    if (trouble === 'lost-answer') return connection.cut();
    const attrs = { class: 'message', id, from: to, t: seconds(), ...(error === undefined ? {} : { error }) };
    connection.send(node('ack', attrs));
    call.answeredAt = Date.now();
    call.onAnswered?.(call.answeredAt);
  }
}
