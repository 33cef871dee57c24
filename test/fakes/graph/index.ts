import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { createDeliveries, type Deliveries, type DeliveriesOptions } from './deliveries.ts';
import { createMessages, type Messages } from './messages.ts';
import { createPeople, type People, phoneNumberId, webhook } from './people.ts';
import { answer, type Fields, graphError, parseJson, readBody } from './wire.ts';

export { type Delivery } from './deliveries.ts';
export { shownText } from './messages.ts';
export { ownNumber, phoneNumberId, webhook } from './people.ts';
export { field, type Fields, graphError, signed } from './wire.ts';

/** A call as it arrived. Times are epoch ms. */
export interface Call {
  readonly what: 'message' | 'read' | 'upload' | 'media' | 'file' | 'phone';
  readonly method: string;
  /** Path and query, without the version. */
  readonly path: string;
  readonly token: string;
  readonly body: Fields;
  readonly at: number;
  answeredAt: number | null;
  onAnswered?: (at: number) => void;
}

type Fault = { readonly what: Call['what'] } & (
  | { readonly type: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly type: 'drop' | 'hang' }
);

export interface FakeGraph extends People, Pick<Deliveries, 'push' | 'again' | 'follow'> {
  /** For `channels.whatsapp.apiRoot`. */
  readonly url: string;
  readonly calls: readonly Call[];
  readonly messages: Messages;
  readonly deliveries: Deliveries['all'];
  callsOf(what: Call['what']): readonly Call[];
  /** The next call of this kind gets this answer, and nothing is done. */
  failNext(what: Call['what'], status: number, body: unknown): void;
  /** The next call of this kind is done, then the connection is cut before the answer. */
  dropAnswer(what: Call['what']): void;
  /** The next call of this kind is neither done nor answered. */
  hang(what: Call['what']): void;
  /** Every message meets this; null: none. */
  trouble: 'rate-limited' | 'server-error' | 'hang' | null;
  /** Between doing and answering. */
  latencyMs: number;
  /** Statuses that Meta posts of each message of the bot's, in this order. */
  statuses: readonly string[];
  /** Posts a status of a message. */
  report(messageId: string, status: string, more?: Fields): void;
  /** What the phone number's node says besides itself. */
  phone: Fields;
  close(): Promise<void>;
}

export interface FakeOptions extends Partial<Omit<DeliveriesOptions, 'appSecret'>> {
  readonly token: string;
  readonly appSecret: string;
  readonly port?: number;
  readonly keep?: number;
  /** Told of each message that was taken, before its answer is written. */
  readonly onSent?: (call: Call, messageId: string) => void;
}

const tooMany = graphError(131056, 'pair rate limit hit', 'Too many messages to the same phone number.');
const broken = graphError(131000, 'Something went wrong', 'Message failed to send due to an unknown error.');

/** Meta's Graph API on a loopback port, as far as WhatsApp goes, and its webhooks. */
export async function startFakeGraph(options: FakeOptions): Promise<FakeGraph> {
  const { token, appSecret, keep = Number.POSITIVE_INFINITY, redeliverAfterMs = 250 } = options;
  const deliveries = createDeliveries({ ...options, appSecret, redeliverAfterMs });
  const people = createPeople(deliveries);
  const messages = createMessages({ nextId: people.nextId, token, appSecret, phone: () => fake.phone });
  const calls: Call[] = [];
  const faults: Fault[] = [];
  const server = http.createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const fake: FakeGraph = {
    ...people,
    push: deliveries.push,
    again: deliveries.again,
    follow: deliveries.follow,
    url: `http://127.0.0.1:${port}`,
    calls,
    messages,
    deliveries: deliveries.all,
    callsOf: (what) => calls.filter((call) => call.what === what),
    failNext: (what, status, body) => void faults.push({ what, type: 'answer', status, body }),
    dropAnswer: (what) => void faults.push({ what, type: 'drop' }),
    hang: (what) => void faults.push({ what, type: 'hang' }),
    trouble: null,
    latencyMs: 0,
    statuses: ['sent', 'delivered'],
    report,
    phone: {
      display_phone_number: '+1 555-078-3881',
      verified_name: 'Tiro',
      quality_rating: 'GREEN',
      webhook_configuration: { application: 'https://tiro.example/hooks/whatsapp' },
    },
    close: async () => {
      deliveries.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  function report(messageId: string, status: string, more: Fields = {}): void {
    const sent = messages.find(messageId);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const data = sent?.callbackData === undefined ? {} : { biz_opaque_callback_data: sent.callbackData };
    const about = { id: messageId, status, timestamp, recipient_id: sent?.to ?? '16505551234' };
    deliveries.push(webhook({ statuses: [{ ...about, ...data, ...more }] }), 'statuses');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBody(request).catch(() => null);
    if (bytes === null) return; // the caller went away in mid-request: nothing was accepted
    const call = callOf(request, bytes);
    calls.push(call);
    if (calls.length > keep) calls.shift();
    response.on('finish', () => {
      call.answeredAt = Date.now();
      call.onAnswered?.(call.answeredAt);
    });
    const fault = faultOf(call.what);
    if (fault?.type === 'hang') return;
    if (fault?.type === 'answer') return answer(response, fault.body, fault.status);
    const host = `http://${request.headers.host ?? ''}`;
    const reply = await messages.perform(call, { host, bytes, type: request.headers['content-type'] ?? '' });
    if (reply.sent !== undefined) options.onSent?.(call, reply.sent);
    for (const status of reply.sent === undefined ? [] : fake.statuses) report(reply.sent ?? '', status);
    if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
    if (fault?.type === 'drop') response.destroy();
    else if (reply.file === undefined) answer(response, reply.body, reply.status);
    else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(reply.file);
  }

  function faultOf(what: Call['what']): Fault | undefined {
    if (fake.trouble !== null && what === 'message') {
      if (fake.trouble === 'hang') return { what, type: 'hang' };
      const isBusy = fake.trouble === 'rate-limited';
      return { what, type: 'answer', status: isBusy ? 400 : 500, body: isBusy ? tooMany : broken };
    }
    const index = faults.findIndex((fault) => fault.what === what);
    return index < 0 ? undefined : faults.splice(index, 1)[0];
  }
}

function callOf(request: IncomingMessage, bytes: Buffer): Call {
  const { method = '', url = '', headers } = request;
  const parsed = parseJson(bytes.toString('utf8'));
  const body = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  const path = url.replace(/^\/v\d+\.0/, '');
  const token = (headers.authorization ?? '').replace('Bearer ', '');
  return { what: kindOf(method, path, body), method, path, token, body, at: Date.now(), answeredAt: null };
}

function kindOf(method: string, path: string, body: Fields): Call['what'] {
  if (path.startsWith('/file/')) return 'file';
  if (method === 'POST' && path === `/${phoneNumberId}/messages`)
    return body['status'] === 'read' ? 'read' : 'message';
  if (method === 'POST') return 'upload';
  return path.startsWith(`/${phoneNumberId}?`) ? 'phone' : 'media';
}
