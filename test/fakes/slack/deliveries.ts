import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { field } from './chats.ts';
import { parseJson, signed } from './wire.ts';

export type Kind = 'events_api' | 'interactive' | 'slash_commands';

/** What Slack tells the app; given again until it is acknowledged. */
export interface Delivery {
  readonly kind: Kind;
  readonly payload: unknown;
  attempts: number;
  acknowledged: boolean;
  /** What the app answered with its acknowledgement. */
  answer: unknown;
}

/** Where events go over HTTP. */
export interface Hook {
  readonly secret: string;
  post(body: string, headers: Readonly<Record<string, string>>): Promise<Response>;
}

interface Options {
  readonly redeliverAfterMs: number;
  /** Null: Socket Mode. */
  readonly hook: () => Hook | null;
  readonly onAcknowledged?: (delivery: Delivery) => void;
}

export interface Deliveries {
  readonly all: readonly Delivery[];
  readonly open: readonly WebSocket[];
  /** `silent`: new sockets open and say nothing. `mute`: nothing is sent over any. */
  readonly state: { silent: boolean; connections: number; most: number; mute: boolean };
  push(payload: unknown, kind?: Kind): Delivery;
  /** Once more, acknowledged or not. */
  again(delivery: Delivery): void;
  /** Slack stops trying after a while: what was not acknowledged is never told. */
  giveUp(): void;
  upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void;
  /** As Slack does when a connection is to be made anew. */
  disconnect(reason: 'refresh_requested' | 'warning' | 'link_disabled'): void;
  /** The sockets stay, and nothing comes over them any more, pongs neither. */
  goSilent(): void;
  /** Every socket breaks. */
  cut(): void;
  close(): void;
}

export function createDeliveries(options: Options): Deliveries {
  const all: Delivery[] = [];
  const open: WebSocket[] = [];
  const byEnvelope = new Map<string, Delivery>();
  const timers = new Set<NodeJS.Timeout>();
  const server = new WebSocketServer({ noServer: true });
  const state = { silent: false, connections: 0, most: 0, mute: false };

  return {
    all,
    open,
    state,
    push,
    again,
    giveUp,
    upgrade,
    disconnect,
    goSilent,
    cut,
    close,
  };

  function push(payload: unknown, kind: Kind = 'events_api'): Delivery {
    const delivery: Delivery = { kind, payload, attempts: 0, acknowledged: false, answer: undefined };
    all.push(delivery);
    give(delivery);
    return delivery;
  }

  function again(delivery: Delivery): void {
    delivery.acknowledged = false;
    give(delivery);
  }

  function giveUp(): void {
    all.splice(0, all.length, ...all.filter(({ acknowledged }) => acknowledged));
    byEnvelope.clear();
  }

  function give(delivery: Delivery): void {
    const hook = options.hook();
    if (hook !== null) void post(delivery, hook);
    else overSocket(delivery);
  }

  function overSocket(delivery: Delivery): void {
    const socket = open.at(-1);
    if (socket === undefined || state.mute) return;
    const envelope = {
      envelope_id: randomUUID(),
      type: delivery.kind,
      payload: delivery.payload,
      accepts_response_payload: delivery.kind !== 'events_api',
      ...(delivery.kind === 'events_api'
        ? { retry_attempt: delivery.attempts, retry_reason: delivery.attempts > 0 ? 'timeout' : '' }
        : {}),
    };
    delivery.attempts += 1;
    byEnvelope.set(envelope.envelope_id, delivery);
    socket.send(JSON.stringify(envelope));
    later(delivery);
  }

  async function post(delivery: Delivery, hook: Hook): Promise<void> {
    const json = JSON.stringify(delivery.payload);
    const body = delivery.kind === 'events_api' ? json : formOf(delivery);
    const retry = { 'x-slack-retry-num': String(delivery.attempts), 'x-slack-retry-reason': 'http_error' };
    const headers = { ...signed(body, hook.secret), ...(delivery.attempts > 0 ? retry : {}) };
    delivery.attempts += 1;
    try {
      const response = await hook.post(body, headers);
      const text = await response.text();
      if (response.ok) return acknowledge(delivery, parseJson(text));
    } catch {
      // the app is down: as any other refusal
    }
    later(delivery);
  }

  function later(delivery: Delivery): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!delivery.acknowledged && all.includes(delivery)) give(delivery);
    }, options.redeliverAfterMs);
    timers.add(timer);
  }

  function acknowledge(delivery: Delivery, answer: unknown): void {
    if (delivery.acknowledged) return;
    delivery.acknowledged = true;
    delivery.answer = answer;
    options.onAcknowledged?.(delivery);
  }

  function upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    server.handleUpgrade(request, raw, head, (socket) => {
      state.connections += 1;
      open.push(socket);
      state.most = Math.max(state.most, open.length);
      socket.on('close', () => void open.splice(open.indexOf(socket), 1));
      socket.on('error', () => undefined);
      socket.on('message', (data) => receive(textOf(data)));
      if (state.silent) return;
      const info = { num_connections: open.length, connection_info: { app_id: 'A1' } };
      socket.send(JSON.stringify({ type: 'hello', ...info }));
      for (const delivery of all) if (!delivery.acknowledged) overSocket(delivery);
    });
  }

  function receive(text: string): void {
    if (state.silent) return;
    const message = parseJson(text);
    const delivery = byEnvelope.get(String(field(message, 'envelope_id')));
    if (delivery !== undefined) acknowledge(delivery, field(message, 'payload'));
  }

  function disconnect(reason: 'refresh_requested' | 'warning' | 'link_disabled'): void {
    for (const socket of open) socket.send(JSON.stringify({ type: 'disconnect', reason }));
  }

  function goSilent(): void {
    state.mute = true;
    for (const socket of open) socket.pause();
  }

  function cut(): void {
    for (const socket of open.slice()) socket.terminate();
  }

  function close(): void {
    for (const timer of timers) clearTimeout(timer);
    cut();
    server.close();
  }
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}

function formOf({ kind, payload }: Delivery): string {
  if (kind === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const entries = typeof payload === 'object' && payload !== null ? Object.entries(payload) : [];
  const form = new URLSearchParams();
  for (const [name, value] of entries) form.append(name, String(value));
  return form.toString();
}
