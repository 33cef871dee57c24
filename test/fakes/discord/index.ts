import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { answer, createFaults, type Faults, refusal } from './faults.ts';
import { createGateway, type Gateway, recordOf } from './gateway.ts';
import { createPeople, type People } from './people.ts';
import { type Call, createRoutes, type Result } from './routes.ts';
import { bot, createWorld, type Json, type Message, type Place } from './world.ts';

export type { Call } from './routes.ts';
export { rateLimited, refusal, route, showingRoutes } from './faults.ts';
export { ann, bot, generalId, type Message, threadId, type User } from './world.ts';

export interface FakeDiscord
  extends
    People,
    Faults,
    Pick<
      Gateway,
      | 'log'
      | 'intents'
      | 'sockets'
      | 'mute'
      | 'drop'
      | 'reconnect'
      | 'forgetSessions'
      | 'refuseWith'
      | 'frame'
    > {
  /** `http://127.0.0.1:PORT`; its API is under `/api`. */
  readonly url: string;
  readonly calls: readonly Call[];
  /** Numbers of the deliveries that the bot has told to have: a heartbeat covered them. */
  readonly acknowledged: ReadonlySet<number>;
  /** A dispatch as it stands, `{t, d}`, well-formed or not. */
  deliver(payload: Json): number;
  addPlace(place: Omit<Place, 'lastMessageId'>): Place;
  direct(userId: string): Place;
  /** The bot's messages of a place, in order, edits applied, deleted ones gone. */
  shown(place: string): readonly Message[];
  reactionsTo(place: string, message: string): readonly string[];
  /** What the bot's application may, and how many sessions it may still begin today. */
  readonly settings: { applicationFlags: number; permissions: string; sessionsLeft: number };
  /** Between doing and answering, for every call. */
  latencyMs: number;
  close(): Promise<void>;
}

interface FakeOptions {
  readonly token: string;
  readonly port?: number;
  readonly heartbeatMs?: number;
  /** When the bot came into the guild; default: long ago. */
  readonly joinedAt?: number;
  /** Only the newest so many calls, messages of a place and dispatches are kept; for benches. Default: all. */
  readonly keep?: number;
  /** Told of each call that was done, before its answer is written. */
  readonly onDone?: (call: Call, result: unknown) => void;
  readonly onAcknowledged?: (deliveries: readonly number[]) => void;
}

const day = 86_400_000;
/** Message content, and all the permissions that Tiro asks for. */
const allowed = { applicationFlags: 1 << 19, permissions: '274878024768', sessionsLeft: 1000 };

/** REST and gateway on one loopback port. Links are made from the Host header, so that a proxy in front of it sees all. */
export async function startFakeDiscord(options: FakeOptions): Promise<FakeDiscord> {
  const { keep = Number.POSITIVE_INFINITY, heartbeatMs = 41_250, joinedAt = Date.now() - day } = options;
  const world = createWorld(keep);
  const faults = createFaults();
  const calls: Call[] = [];
  const deliveries = new Map<string, number>();
  const server = http.createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const gateway = createGateway(server, {
    world,
    token: options.token,
    heartbeatMs,
    joinedAt: () => joinedAt,
    keep,
    onAcknowledged: options.onAcknowledged ?? (() => undefined),
  });
  const counted: Gateway = { ...gateway, deliver };
  const people = createPeople({ world, gateway: counted, origin: url });
  const settings = { ...allowed };
  const hosts = new WeakMap<Call, string>();
  const routes = createRoutes({
    world,
    settings,
    origin: (call) => hosts.get(call) ?? url,
    wasRead: (messages) => gateway.wasRead(messages.flatMap(({ id }) => deliveries.get(id) ?? [])),
    onSaid: (message) => void people.again(message),
  });

  const fake: FakeDiscord = {
    ...people,
    ...faults,
    ...counted,
    url,
    calls,
    settings,
    addPlace: world.addPlace,
    direct: world.direct,
    shown: (place) => world.in(place).filter(({ author }) => author.id === bot.id),
    reactionsTo: (place, message) => [...(world.find(place, message)?.reactions.keys() ?? [])],
    latencyMs: 0,
    close: async () => {
      gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  function deliver(payload: Json): number {
    const { id, guild_id: guild } = recordOf(payload['d']);
    const isKnown = typeof id === 'string' && guild !== undefined && payload['t'] === 'MESSAGE_CREATE';
    const number = gateway.deliver(payload, isKnown && world.knows(id));
    if (payload['t'] === 'MESSAGE_CREATE' && typeof id === 'string') deliveries.set(id, number);
    return number;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBody(request).catch(() => null);
    if (bytes === null) return; // the caller went away in mid-request: nothing was accepted
    if (request.url?.startsWith('/attachments/')) return download(request, response);
    const call = await callOf(request, bytes);
    hosts.set(call, `http://${request.headers.host ?? ''}`);
    calls.push(call);
    if (calls.length > keep) calls.shift();
    response.on('finish', () => {
      call.answeredAt = Date.now();
      call.onAnswered?.(call.answeredAt);
    });
    const fault = faults.take(call.route);
    if (faults.apply(fault, response)) return;
    const result = perform(call);
    options.onDone?.(call, result.status < 300 ? result.body : undefined);
    if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
    if (fault?.type === 'drop') response.destroy();
    else answer(response, result);
  }

  function perform(call: Call): Result {
    const isOpen = call.route.startsWith('POST /interactions/') || call.route.includes(' /webhooks/');
    if (!isOpen && call.authorization !== `Bot ${options.token}`) return refusal(401, 0, '401: Unauthorized');
    const run = Object.hasOwn(routes, call.route) ? routes[call.route] : undefined;
    return run === undefined ? refusal(404, 0, '404: Not Found') : run(call);
  }

  function download(request: IncomingMessage, response: ServerResponse): void {
    const bytes = world.files.get(request.url?.split('/')[2] ?? '');
    // Discord's file host knows no token; one that comes here went astray.
    const astray = request.headers.authorization !== undefined;
    if (bytes === undefined || astray) response.writeHead(astray ? 400 : 404).end();
    else response.writeHead(200, { 'content-length': bytes.byteLength }).end(bytes);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function callOf(request: IncomingMessage, bytes: Buffer): Promise<Call> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const path = url.pathname.replace(/^\/api\/v10/, '');
  const method = request.method ?? 'GET';
  const { body, files } = await contentOf(request.headers['content-type'] ?? '', bytes);
  return {
    method,
    path,
    route: `${method} ${patternOf(path)}`,
    ids: path.match(/\d{17,20}/g) ?? [],
    query: Object.fromEntries(url.searchParams),
    body,
    files,
    authorization: request.headers.authorization ?? null,
    at: Date.now(),
    answeredAt: null,
  };
}

function patternOf(path: string): string {
  return path
    .replace(/\/reactions\/[^/]+/, '/reactions/:emoji')
    .replace(/^\/(interactions|webhooks)\/(\d+)\/[^/]+/, '/$1/:id/:token')
    .replace(/\d{17,20}/g, ':id');
}

async function contentOf(type: string, bytes: Buffer): Promise<Pick<Call, 'body' | 'files'>> {
  if (type.includes('json')) {
    const parsed: unknown = JSON.parse(bytes.toString('utf8') || '{}');
    return { body: Array.isArray(parsed) ? { list: parsed } : recordOf(parsed), files: [] };
  }
  if (!type.includes('multipart')) return { body: {}, files: [] };
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  const files = [...form.values()].filter((value) => typeof value !== 'string');
  const payload = form.get('payload_json');
  const read = files.map(async (file) => ({ name: file.name, bytes: await file.bytes() }));
  return {
    body: recordOf(JSON.parse(typeof payload === 'string' ? payload : '{}')),
    files: await Promise.all(read),
  };
}
