import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Chats, createChats, type Message, Refusal } from './chats.ts';
import { createDeliveries, type Deliveries, type Delivery, type Hook } from './deliveries.ts';
import { createFiles, type Files } from './files.ts';
import { createPeople, type People } from './people.ts';
import { createMethods } from './methods.ts';
import { answer, type Params, parseParams, readBody } from './wire.ts';

export { bot, field, type Message, shownText } from './chats.ts';
export type { Delivery, Kind } from './deliveries.ts';
export { buttonsOf, directOf, type Said, wrap } from './people.ts';
export { signed } from './wire.ts';

/** A call of the Web API as it arrived. Times are epoch ms; `answeredAt` is null while no answer was written. */
export interface Call {
  readonly method: string;
  readonly params: Params;
  readonly token: string;
  readonly at: number;
  answeredAt: number | null;
  /** Told of `answeredAt`. */
  onAnswered?: (at: number) => void;
}

type Answer = {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
type Fault = { readonly method: string } & (
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'drop' | 'hang' }
);

export interface FakeSlack
  extends People, Pick<Deliveries, 'push' | 'again' | 'giveUp' | 'disconnect' | 'goSilent' | 'cut'> {
  /** `http://127.0.0.1:PORT`; for `channels.slack.apiRoot` add `/api/`. */
  readonly url: string;
  readonly calls: readonly Call[];
  readonly chats: Chats;
  readonly files: Files;
  /** Everything that was to be told to the app. */
  readonly deliveries: readonly Delivery[];
  /** `most`: open at the same time. */
  readonly sockets: { readonly connections: number; readonly open: number; readonly most: number };
  /** What the bot said in a channel (or everywhere), as it stands now. */
  messages(channel?: string): readonly Message[];
  callsOf(method: string): readonly Call[];
  /** The next call of this method gets this answer, and nothing is done. */
  failNext(method: string, answer: Answer): void;
  /** The next call of this method is refused in Slack's way. */
  refuseNext(method: string, error: string): void;
  /** The next call of this method is done, then the connection is cut before the answer. */
  dropAnswer(method: string): void;
  /** The next call of this method is neither done nor answered. */
  hang(method: string): void;
  /** Every call that this is about meets the fault; null: none. */
  trouble: ((method: string) => 'rate-limited' | 'server-error' | 'hang' | null) | null;
  /** Between doing and answering. */
  latencyMs: number;
  /** New sockets open and say nothing. */
  openSilently(): void;
  close(): Promise<void>;
}

export interface FakeOptions {
  readonly botToken: string;
  readonly appToken?: string;
  /** Scopes of the bot token, as `x-oauth-scopes` tells them. */
  readonly scopes?: string;
  readonly port?: number;
  /** Where events go over HTTP instead of a socket. */
  readonly hook?: () => Hook | null;
  readonly redeliverAfterMs?: number;
  readonly keep?: number;
  /** Told of each call that was done, before its answer is written. */
  readonly onDone?: (call: Call, result: unknown) => void;
  readonly onAcknowledged?: (delivery: Delivery) => void;
}

/** Slack on a loopback port: Web API, Socket Mode, file host, and its events over HTTP. */
export async function startFakeSlack(options: FakeOptions): Promise<FakeSlack> {
  const {
    keep = Number.POSITIVE_INFINITY,
    hook = () => null,
    redeliverAfterMs = 250,
    onAcknowledged,
  } = options;
  const chats = createChats(keep);
  const files = createFiles(chats);
  const deliveries = createDeliveries({
    hook,
    redeliverAfterMs,
    ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
  });
  const methods = createMethods(chats, files);
  const calls: Call[] = [];
  const faults: Fault[] = [];
  const server = http.createServer((request, response) => void handle(request, response));
  server.on('upgrade', deliveries.upgrade);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const fake: FakeSlack = {
    ...createPeople(chats, deliveries),
    push: deliveries.push,
    again: deliveries.again,
    giveUp: deliveries.giveUp,
    disconnect: deliveries.disconnect,
    goSilent: deliveries.goSilent,
    cut: deliveries.cut,
    url: `http://127.0.0.1:${port}`,
    calls,
    chats,
    files,
    deliveries: deliveries.all,
    sockets: {
      get connections() {
        return deliveries.state.connections;
      },
      get most() {
        return deliveries.state.most;
      },
      get open() {
        return deliveries.open.length;
      },
    },
    messages: (channel) =>
      chats.messages.filter(
        (message) => message.user === 'UBOT' && (channel === undefined || message.channel === channel),
      ),
    callsOf: (method) => calls.filter((call) => call.method === method),
    failNext: (method, reply) => void faults.push({ method, type: 'answer', answer: reply }),
    refuseNext: (method, error) =>
      void faults.push({ method, type: 'answer', answer: { body: { ok: false, error } } }),
    dropAnswer: (method) => void faults.push({ method, type: 'drop' }),
    hang: (method) => void faults.push({ method, type: 'hang' }),
    trouble: null,
    latencyMs: 0,
    openSilently: () => {
      deliveries.state.silent = true;
    },
    close: async () => {
      deliveries.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request).catch(() => null);
    if (body === null) return; // the caller went away in mid-request: nothing was accepted
    const host = `http://${request.headers.host ?? ''}`;
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith('/api/')) return files.serve({ request, response, body, token: options.botToken });
    const params = parseParams(request.headers['content-type'] ?? '', body);
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    const call: Call = {
      method: path.slice('/api/'.length),
      params,
      token,
      at: Date.now(),
      answeredAt: null,
    };
    calls.push(call);
    if (calls.length > keep) calls.shift();
    response.on('finish', () => {
      call.answeredAt = Date.now();
      call.onAnswered?.(call.answeredAt);
    });
    await run(call, host, response);
  }

  async function run(call: Call, host: string, response: ServerResponse): Promise<void> {
    const fault = faultOf(call.method);
    if (fault?.type === 'hang') return;
    if (fault?.type === 'answer') {
      const { status = 200, body, text, headers } = fault.answer;
      if (text === undefined)
        answer(response, body ?? { ok: false, error: 'x' }, { status, headers: headers ?? {} });
      else response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(text);
      return;
    }
    try {
      const result = perform(call, host);
      options.onDone?.(call, result);
      if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
      const headers = { 'x-oauth-scopes': options.scopes ?? allScopes };
      if (fault?.type === 'drop') response.destroy();
      else answer(response, { ok: true, ...result }, { headers });
    } catch (error) {
      const word = error instanceof Refusal ? error.message : 'internal_error';
      answer(response, { ok: false, error: word });
    }
  }

  function faultOf(method: string): Fault | undefined {
    const kind = fake.trouble?.(method) ?? null;
    if (kind === 'hang') return { method, type: 'hang' };
    if (kind === 'rate-limited') return { method, type: 'answer', answer: rateLimited };
    if (kind === 'server-error') return { method, type: 'answer', answer: { status: 500, text: 'broken' } };
    const index = faults.findIndex((fault) => fault.method === method);
    return index < 0 ? undefined : faults.splice(index, 1)[0];
  }

  function perform({ method, params, token }: Call, host: string): Readonly<Record<string, unknown>> {
    const wanted = method === 'apps.connections.open' ? options.appToken : options.botToken;
    const isOurs = token === wanted || (method === 'auth.test' && token === options.appToken);
    if (!isOurs) throw new Refusal('invalid_auth');
    if (method === 'apps.connections.open')
      return { url: `${host.replace('http', 'ws')}/link/?ticket=secret-ticket` };
    const run = methods[method];
    if (run === undefined) throw new Refusal('unknown_method');
    return run(params, host);
  }
}

const rateLimited: Answer = {
  status: 429,
  body: { ok: false, error: 'ratelimited' },
  headers: { 'retry-after': '1' },
};

const allScopes =
  'app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:read,files:write,groups:history,groups:read,im:history,im:read,mpim:history,mpim:read,reactions:read,reactions:write,users:read';
