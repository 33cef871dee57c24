import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

/** A call-back that came and was genuine; `at`: when its work was done. */
export interface Called {
  readonly at: number;
  readonly endpoint: string;
  readonly event: string;
  readonly delivery: string;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
  /** Told when its answer was written whole. */
  onAnswered?: (at: number) => void;
}

export type Trouble = 'rate-limited' | 'server-error' | 'forbidden' | 'redirect' | 'lost-answer' | 'hang';

export interface Receiver {
  readonly url: string;
  /** Each `webhook-id` once, in the order in which they came. */
  readonly calls: readonly Called[];
  /** Every request, refused and repeated ones too. */
  requests(): number;
  /** Requests with an id that had been taken already. */
  duplicates(): number;
  /** Requests whose signature was wrong: none, ever. */
  forged(): number;
  /** The next call meets this. */
  failNext(kind: Trouble): void;
  /** Every call meets this. */
  always(kind: Trouble | null): void;
  close(): Promise<void>;
}

const bodySchema = z.strictObject({
  type: z.literal('message'),
  endpoint: z.string(),
  event: z.string(),
  delivery: z.string(),
  createdAt: z.iso.datetime().nullable(),
  text: z.string().min(1),
  markdown: z.string().min(1),
});

interface State {
  readonly options: Options;
  readonly calls: Called[];
  readonly bodies: Map<string, string>;
  requests: number;
  duplicates: number;
  forged: number;
  next: Trouble | null;
  always: Trouble | null;
}

interface Options {
  readonly secret: string;
  /** Between doing and answering. */
  readonly latencyMs?: number;
  onCalled?(called: Called): void;
}

/** The other side of a call-back: checks the signature with the `standardwebhooks` package and drops what it has. */
export async function startReceiver(options: Options): Promise<Receiver> {
  const state: State = {
    options,
    calls: [],
    bodies: new Map(),
    requests: 0,
    duplicates: 0,
    forged: 0,
    next: null,
    always: null,
  };
  const server = createServer((request, response) => {
    answer(state, request, response).catch(() => response.destroy()); // the gateway was killed while it sent
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    calls: state.calls,
    requests: () => state.requests,
    duplicates: () => state.duplicates,
    forged: () => state.forged,
    failNext: (kind) => void (state.next = kind),
    always: (kind) => void (state.always = kind),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  state.requests += 1;
  const trouble = state.next ?? state.always;
  state.next = null;
  if (trouble === 'hang') return;
  if (trouble === 'rate-limited') return void response.writeHead(429, { 'retry-after': '2' }).end('slowly');
  if (trouble === 'server-error') return void response.writeHead(500).end('<html>down');
  if (trouble === 'forbidden') return void response.writeHead(403).end('no');
  if (trouble === 'redirect') return void response.writeHead(307, { location: '/elsewhere' }).end();
  const [called, status] = take(state, Buffer.concat(pieces).toString('utf8'), request.headers);
  if (trouble === 'lost-answer') return void response.destroy();
  await sleep(state.options.latencyMs ?? 0);
  response.writeHead(status).end(() => called?.onAnswered?.(Date.now()));
}

function take(
  state: State,
  text: string,
  headers: IncomingMessage['headers'],
): readonly [Called | null, number] {
  const id = String(headers['webhook-id']);
  const time = new Date(Number(headers['webhook-timestamp']) * 1_000);
  // Compared, not verified: in tests with a time of their own the gateway's clock is another.
  const isGenuine = new Webhook(state.options.secret).sign(id, time, text) === headers['webhook-signature'];
  if (!isGenuine || headers['idempotency-key'] !== id) {
    state.forged += 1;
    return [null, 401];
  }
  const before = state.bodies.get(id);
  if (before !== undefined) {
    state.duplicates += 1;
    return [null, before === text ? 200 : 409];
  }
  const { endpoint, event, delivery, text: words } = bodySchema.parse(JSON.parse(text));
  const called: Called = { at: Date.now(), endpoint, event, delivery, text: words, headers };
  state.bodies.set(id, text);
  state.calls.push(called);
  state.options.onCalled?.(called);
  return [called, 200];
}
