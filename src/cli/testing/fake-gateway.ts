import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { httpStatusByError, TiroError } from '#core/errors.ts';
import type { StepBody } from '#core/step.ts';

export interface FakeGateway {
  readonly url: string;
  /** Messages that were handed in, in order. */
  readonly messages: {
    readonly text: string;
    readonly conversation: string | null;
    readonly channel: 'cli';
    readonly key: string;
  }[];
  /** What control was asked. */
  readonly controls: { readonly name: string; readonly input: unknown }[];
  /** Last-Event-ID of each feed that was opened. */
  readonly feeds: (string | null)[];
  /** Appends a step and tells every feed. */
  step(body: StepBody, turn: string | null): void;
  live(event: 'delta' | 'restart' | 'waiting', turn: string, more?: { text?: string; reason?: string }): void;
  /** Cuts every feed off. */
  cut(): void;
  close(): Promise<void>;
}

export interface FakeGatewayOptions {
  /** Called after a message was stored, before it is acknowledged. */
  readonly onMessage: (gateway: FakeGateway, message: { text: string; event: string }) => void;
  /** A TiroError is answered as one. */
  readonly control?: (name: string, input: unknown) => unknown;
  /** Answers GET /api/messages/:id. */
  readonly messageStatus?: (event: string) => string;
  /** Default: that of the command line under test. */
  readonly version?: string;
}

const conversation = 'cnv_1';
const token = 'owner-token';

/** The wire of a gateway with one conversation: messages in, steps out as server-sent events. */
export async function startFakeGateway(options: FakeGatewayOptions): Promise<FakeGateway> {
  const feed = createFeed();
  const server = createServer(
    (request, response) => void serve({ gateway, feed, options }, request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const gateway: FakeGateway = {
    url: `http://127.0.0.1:${port}`,
    messages: [],
    controls: [],
    feeds: feed.opened,
    step: feed.step,
    live: feed.live,
    cut: feed.cut,
    close: async () => {
      feed.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gateway;
}

interface Feed extends Pick<FakeGateway, 'step' | 'live' | 'cut'> {
  readonly opened: (string | null)[];
  open(request: IncomingMessage, response: ServerResponse): void;
}

function createFeed(): Feed {
  const steps: string[] = [];
  const readers = new Set<ServerResponse>();
  const opened: (string | null)[] = [];
  const tell = (text: string): void => {
    for (const reader of readers) reader.write(text);
  };
  return {
    opened,
    step: (body, turn) => {
      const data = JSON.stringify({ conversation, turn, at: 0, ...body });
      const text = `id: ${steps.length + 1}\nevent: ${body.kind}\ndata: ${data}\n\n`;
      steps.push(text);
      tell(text);
    },
    live: (event, turn, more = {}) =>
      tell(`event: ${event}\ndata: ${JSON.stringify({ conversation, turn, ...more })}\n\n`),
    cut: () => {
      for (const reader of readers) reader.destroy();
      readers.clear();
    },
    open: (request, response) => {
      const last = request.headers['last-event-id'];
      opened.push(typeof last === 'string' ? last : null);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const after = last === undefined ? steps.length : Number(last);
      response.write(`retry: 1000\nid: ${after}\n\n${steps.slice(after).join('')}`);
      readers.add(response);
      response.on('close', () => readers.delete(response));
    },
  };
}

interface Parts {
  readonly gateway: FakeGateway;
  readonly feed: Feed;
  readonly options: FakeGatewayOptions;
}

async function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { gateway, feed, options } = parts;
  const path = new URL(request.url ?? '/', gateway.url).pathname;
  if (request.headers.authorization !== `Bearer ${token}`) return send(response, 401, {});
  if (path === '/api/events') return feed.open(request, response);
  if (path === '/api/status') return send(response, 200, { version: options.version ?? '0.1.0' });
  const body: unknown = request.method === 'POST' ? JSON.parse(await text(request)) : null;
  if (path === '/api/messages') {
    const said = messageSchema.parse(body);
    const key = String(request.headers['idempotency-key']);
    gateway.messages.push({ ...said, key });
    const event = `evt_${gateway.messages.length}`;
    options.onMessage(gateway, { text: said.text, event });
    return send(response, 202, { conversation, event });
  }
  if (path.startsWith('/api/messages/')) {
    const status = options.messageStatus?.(path.slice('/api/messages/'.length)) ?? 'running';
    return send(response, 200, { turn: null, status, reason: null });
  }
  const name = path.replace('/api/control/', '');
  gateway.controls.push({ name, input: body });
  const answer = options.control?.(name, body) ?? defaultAnswer(name);
  if (answer instanceof TiroError) {
    const { code, message } = answer;
    return send(response, httpStatusByError[code], { error: { code, message } });
  }
  if (answer !== null) return send(response, 200, answer);
  return send(response, 404, { error: { code: 'not-found', message: 'There is no such thing.' } });
}

const messageSchema = z.strictObject({
  text: z.string(),
  conversation: z.string().nullable(),
  channel: z.literal('cli'),
});

function defaultAnswer(name: string): unknown {
  if (name === 'status') return { model: 'demo/demo', demo: true };
  return name.endsWith('.list') ? [] : null;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The steps of an ordinary answer. */
export function answerTurn(
  gateway: FakeGateway,
  message: { readonly text: string; readonly event: string },
  answer: string,
): void {
  const turn = `trn_${message.event}`;
  const input = { kind: 'input', event: message.event, person: 'owner', name: 'owner' } as const;
  gateway.step({ ...input, text: message.text, files: [], at: 0 }, turn);
  gateway.live('delta', turn, { text: answer.slice(0, 3) });
  gateway.live('delta', turn, { text: answer.slice(3) });
  gateway.step(replyStep(answer), turn);
  gateway.step({ kind: 'end', status: 'done', reason: null }, turn);
}

export function replyStep(text: string): StepBody {
  return { kind: 'reply', text, toolCalls: [], model: 'demo/demo', usage: null, finish: 'stop' };
}
