import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { completionOf } from './chunks.ts';
import { type Fault, type FaultQueue, createFaultQueue } from './faults.ts';
import { createPrefixCache } from './prefix.ts';
import {
  type FakeReply,
  type FakeReport,
  type FakeRequest,
  type Script,
  conversationOf,
  lastUserText,
  parseBody,
} from './protocol.ts';
import { echoScript } from './script.ts';
import { streamReply } from './stream.ts';
import { type FakeTranscriptions, type TranscriptionsRoute, createTranscriptions } from './transcriptions.ts';

export interface FakeModelOptions {
  /** 0: any free one. */
  readonly port?: number;
  /** Between a request and the first byte of its answer. */
  readonly latencyMs?: number;
  /** More requests than this at the same time get 429. */
  readonly slots?: number;
  readonly models?: readonly string[];
  readonly script?: Script;
  /** Fields of the body that are refused with 400, as some servers do. */
  readonly refuses?: readonly string[];
  /** Only the newest so many requests, and conversations of the prompt cache, are kept; for benches. */
  readonly keep?: number;
}

export interface FakeModel {
  /** With `/v1`: a `baseUrl`. */
  readonly url: string;
  /** Chat requests, in the order of arrival; refused ones too. */
  readonly requests: FakeRequest[];
  readonly transcriptions: FakeTranscriptions;
  /** Chat requests being answered now, and the most there ever were. */
  active(): number;
  peak(): number;
  /** Requests that got 429 because all slots were taken. */
  overflows(): number;
  setScript(script: Script): void;
  setLatency(latencyMs: number): void;
  failNext(
    status: number,
    options?: {
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly times?: number;
    },
  ): void;
  faultNext(fault: Fault, times?: number): void;
  close(): Promise<void>;
}

const defaultKeep = 10_000;

interface State {
  readonly options: FakeModelOptions;
  readonly faults: FaultQueue;
  readonly cache: ReturnType<typeof createPrefixCache>;
  readonly requests: FakeRequest[];
  readonly transcriptions: TranscriptionsRoute;
  script: Script;
  latencyMs: number;
  count: number;
  active: number;
  peak: number;
  overflows: number;
}

/**
 * An OpenAI-compatible server on loopback: `/v1/chat/completions`, streamed and not, `/v1/models` and `/v1/audio/transcriptions`. Beside them
 * `/fake/report` tells other processes what was asked of it (a `FakeReport`).
 */
export async function startFakeModel(options: FakeModelOptions = {}): Promise<FakeModel> {
  const state: State = {
    options,
    faults: createFaultQueue(),
    cache: createPrefixCache(options.keep ?? defaultKeep),
    requests: [],
    transcriptions: createTranscriptions(),
    script: options.script ?? echoScript,
    latencyMs: options.latencyMs ?? 0,
    count: 0,
    active: 0,
    peak: 0,
    overflows: 0,
  };
  const server = createServer((incoming, response) => {
    route(state, incoming, response).catch((error: unknown) => response.destroy(toError(error)));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: state.requests,
    transcriptions: state.transcriptions,
    active: () => state.active,
    peak: () => state.peak,
    overflows: () => state.overflows,
    setScript: (script) => {
      state.script = script;
    },
    setLatency: (latencyMs) => {
      state.latencyMs = latencyMs;
    },
    failNext: (status, { body = { error: { message: `status ${status}` } }, headers = {}, times = 1 } = {}) =>
      state.faults.add({ kind: 'status', status, body, headers }, times),
    faultNext: (fault, times = 1) => state.faults.add(fault, times),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function route(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = incoming.url ?? '';
  if (incoming.method === 'GET' && path.endsWith('/models')) {
    const data = (state.options.models ?? ['fake-model']).map((id) => ({
      id,
      object: 'model',
      owned_by: 'fake',
    }));
    json(response, 200, { object: 'list', data });
  } else if (incoming.method === 'GET' && path === '/fake/report') {
    json(response, 200, reportOf(state));
  } else if (incoming.method === 'POST' && path.endsWith('/chat/completions')) {
    await answerChat(state, incoming, response);
  } else if (incoming.method === 'POST' && path.endsWith('/audio/transcriptions')) {
    await state.transcriptions.handle(incoming, response);
  } else {
    json(response, 404, { error: { message: `no such path: ${path}` } });
  }
}

/** What a bench in another process wants to know. */
function reportOf(state: State): FakeReport {
  const requests = state.requests.map((request) => ({
    text: lastUserText(request),
    status: request.status,
    tookMs: request.tookMs,
  }));
  return { count: state.count, peak: state.peak, overflows: state.overflows, requests };
}

async function answerChat(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedAt = performance.now();
  const raw = await readAll(incoming);
  const body = parseBody(raw);
  if (body === null) return json(response, 400, { error: { message: 'The body is no chat request.' } });
  const request: FakeRequest = {
    index: state.count,
    receivedAt: Date.now(),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    body,
    raw,
    conversation: conversationOf(body),
    ...state.cache.count(body),
    aborted: false,
    status: 0,
    tookMs: null,
  };
  state.count += 1;
  remember(state, request);
  response.once('finish', () => {
    request.tookMs = performance.now() - startedAt;
  });
  const refused = (state.options.refuses ?? []).find((name) => raw.includes(`"${name}":`));
  if (refused !== undefined) {
    return refuse(response, request, 400, { error: { message: `Unsupported parameter: '${refused}'.` } });
  }
  if (state.options.slots !== undefined && state.active >= state.options.slots) {
    state.overflows += 1;
    return refuse(response, request, 429, { error: { message: 'All slots are taken.' } });
  }
  await occupy(state, request, response);
}

/** Holds a slot from here until the answer is written or the client is gone. */
async function occupy(state: State, request: FakeRequest, response: ServerResponse): Promise<void> {
  state.active += 1;
  state.peak = Math.max(state.peak, state.active);
  let held = true;
  const free = (): void => {
    if (held) state.active -= 1;
    held = false;
  };
  response.once('close', () => {
    request.aborted = !response.writableFinished;
    free();
  });
  const fault = state.faults.take();
  if (fault?.kind === 'hang') return;
  if (state.latencyMs > 0) await sleep(state.latencyMs);
  if (response.destroyed) return;
  if (fault?.kind === 'reset') return void response.destroy();
  if (fault === null) free();
  await write(state, request, { response, fault });
}

async function write(
  state: State,
  request: FakeRequest,
  { response, fault }: { readonly response: ServerResponse; readonly fault: Fault | null },
): Promise<void> {
  if (fault?.kind === 'status') return refuse(response, request, fault.status, fault.body, fault.headers);
  const scripted = state.script(request);
  const reply: FakeReply = typeof scripted === 'string' ? { text: scripted } : scripted;
  if (reply.afterMs !== undefined) await sleep(reply.afterMs);
  if (response.destroyed) return;
  request.status = 200;
  if (request.body.stream === true) streamReply(response, request, { reply, fault });
  else json(response, 200, completionOf(request, reply));
}

function refuse(
  response: ServerResponse,
  request: FakeRequest,
  ...[status, body, headers]: readonly [number, unknown, Readonly<Record<string, string>>?]
): void {
  request.status = status;
  json(response, status, body, headers);
}

function json(
  response: ServerResponse,
  ...[status, body, headers]: readonly [number, unknown, Readonly<Record<string, string>>?]
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function remember(state: State, request: FakeRequest): void {
  state.requests.push(request);
  if (state.requests.length > (state.options.keep ?? defaultKeep)) state.requests.shift();
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
