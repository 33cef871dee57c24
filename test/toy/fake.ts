import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text as bodyText } from 'node:stream/consumers';
import { z } from 'zod';

type Trouble = 'rate-limited' | 'server-error' | 'forbidden' | 'lost-answer' | 'hang';

export interface FakeToy {
  readonly url: string;
  /** A payload as it stands, under the next number; the same again is a redelivery. */
  deliver(payload: unknown): void;
  /** Somebody writes; returns the payload. */
  say(
    text: string,
    where: { readonly chat: string; readonly from: string; readonly at?: number; readonly bot?: boolean },
  ): unknown;
  acknowledged(): number;
  shown(chat: string): readonly string[];
  /** The next send meets this, or (`always`) each until null. */
  fault(kind: Trouble): void;
  always(kind: Trouble | null): void;
  sendCalls(): number;
  close(): Promise<void>;
}

const sendSchema = z.object({ key: z.string(), chat: z.string(), text: z.string() });
const pollSchema = z.object({ after: z.number(), wait: z.boolean() });

interface State {
  readonly key: string;
  readonly queue: { readonly n: number; readonly payload: unknown }[];
  readonly sent: Map<string, { readonly chat: string; readonly text: string }>;
  readonly waiting: Set<() => void>;
  last: number;
  acknowledged: number;
  sends: number;
  next: Trouble | null;
  always: Trouble | null;
}

/** A platform of four calls: /me, /poll (held until there is something), /send (drops a key that it has), /edit. */
export async function startFakeToy(key: string): Promise<FakeToy> {
  const state: State = {
    key,
    queue: [],
    sent: new Map(),
    waiting: new Set(),
    last: 0,
    acknowledged: 0,
    sends: 0,
    next: null,
    always: null,
  };
  const server = createServer((request, response) => void serve(state, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const deliver = (payload: unknown): void => {
    state.last += 1;
    state.queue.push({ n: state.last, payload });
    for (const wake of state.waiting) wake();
  };
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    deliver,
    say: (text, { chat, from, at = Date.now(), bot = false }) => {
      const group = chat.startsWith('room');
      const payload = {
        id: `m${state.last + 1}`,
        at,
        chat,
        group,
        from: { id: from, name: from, bot },
        text,
      };
      deliver(payload);
      return payload;
    },
    acknowledged: () => state.acknowledged,
    shown: (chat) => [...state.sent.values()].filter((one) => one.chat === chat).map(({ text }) => text),
    fault: (kind) => {
      state.next = kind;
    },
    always: (kind) => {
      state.always = kind;
    },
    sendCalls: () => state.sends,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: unknown = JSON.parse((await bodyText(request)) || '{}');
  if (request.headers.authorization !== `Bearer ${state.key}`) return answer(response, 401, {});
  if (request.url === '/me') return answer(response, 200, { name: 'toy' });
  if (request.url === '/poll') return poll(state, pollSchema.parse(body), response);
  state.sends += 1;
  const trouble = state.next ?? state.always;
  state.next = null;
  if (trouble === 'hang') return;
  if (trouble === 'rate-limited') return answer(response.setHeader('retry-after', 2), 429, {});
  if (trouble === 'server-error') return answer(response, 503, {});
  if (trouble === 'forbidden') return answer(response, 403, {});
  const { key, chat, text } = sendSchema.parse(body);
  const known = `${chat} ${key}`;
  if (request.url === '/edit' || !state.sent.has(known)) state.sent.set(known, { chat, text });
  if (trouble === 'lost-answer') response.destroy();
  else answer(response, 200, { id: key });
}

async function poll(
  state: State,
  { after, wait }: z.infer<typeof pollSchema>,
  response: ServerResponse,
): Promise<void> {
  const known = state.queue.filter(({ n }) => n <= after).length;
  state.queue.splice(0, known);
  state.acknowledged += known;
  if (wait && state.queue.length === 0) await new Promise<void>((resolve) => woken(state, response, resolve));
  answer(response, 200, { messages: state.queue });
}

/** Short, so that gateways whose time runs faster do not give up first. */
const heldMs = 50;

function woken(state: State, response: ServerResponse, resolve: () => void): void {
  const wake = (): void => {
    clearTimeout(timer);
    state.waiting.delete(wake);
    resolve();
  };
  const timer = setTimeout(wake, heldMs);
  state.waiting.add(wake);
  response.once('close', wake);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
