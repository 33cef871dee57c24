import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { createChats, Refusal, type ShownMessage } from './chats.ts';
import { createFaults, type Faults, refuse } from './faults.ts';
import { bot, botMethods, messageMethods, queryOf } from './methods.ts';
import { createPeople, type People, type SentFile } from './people.ts';
import { createUpdateQueue, type Update, type Webhook } from './updates.ts';
import { answer, type Params, parseParams, readBody } from './wire.ts';

export type { ShownMessage } from './chats.ts';
export { ann, type Chat, type SayOptions } from './people.ts';
export type { Update } from './updates.ts';

/** A call of the Bot API as it arrived. Times are epoch ms; `answeredAt` is null while no answer was written. */
export interface Call {
  readonly method: string;
  readonly params: Params;
  readonly at: number;
  answeredAt: number | null;
  /** Told of `answeredAt`. */
  onAnswered?: (at: number) => void;
}

export interface FakeTelegram extends People, Faults {
  /** For `channels.telegram.apiRoot`. */
  readonly url: string;
  readonly bot: { readonly id: number; readonly username: string };
  readonly calls: readonly Call[];
  /** Ids of updates that a later offset, or a webhook's 2xx, confirmed. */
  readonly confirmed: readonly number[];
  readonly pending: readonly Update[];
  readonly webhook: Webhook | null;
  /** The bot's messages of a chat (or all), in order, edits applied, deleted ones gone. */
  messages(chat?: number | string): readonly ShownMessage[];
  /** The bot's reaction to a message, or ''. */
  reactionTo(chat: number | string, messageId: number): string;
  /** The draft that a private chat shows now, or ''. */
  draftIn(chat: number | string): string;
  /** What getChatMember says of the bot, by chat; by default it is a member. */
  readonly members: Map<string, Params>;
  /** What setMyCommands set, by the type of its scope. */
  readonly commands: ReadonlyMap<string, readonly Params[]>;
  /** Gives an update once more with the next ones, whether it was confirmed or not. */
  again(update: Update): void;
  /** Any update, well-formed or not. */
  push(body: Readonly<Record<string, unknown>>): Update;
  /** Between doing and answering, for every call but getUpdates. */
  latencyMs: number;
  close(): Promise<void>;
}

interface FakeOptions {
  readonly token: string;
  readonly port?: number;
  readonly readsAllGroupMessages?: boolean;
  readonly firstUpdateId?: number;
  /** Only the newest so many calls, messages and confirmed ids are kept; for benches. Default: all. */
  readonly keep?: number;
  /** Methods that this server is too old to know. */
  readonly without?: readonly string[];
  /** Told of each call that was done, before its answer is written; getUpdates has no result. */
  readonly onDone?: (call: Call, result: unknown) => void;
}

/** A Bot API server on a loopback port that keeps the rules of the real one: what is confirmed when, and what is refused. */
export async function startFakeTelegram(options: FakeOptions): Promise<FakeTelegram> {
  const { keep = Number.POSITIVE_INFINITY } = options;
  const chats = createChats(keep);
  const queue = createUpdateQueue(options.firstUpdateId ?? 100, keep);
  const calls: Call[] = [];
  const faults = createFaults();
  const commands = new Map<string, readonly Params[]>();
  const files = new Map<string, SentFile>();
  const people = createPeople({
    chats,
    push: (body) => queue.push(body),
    keepFile: (file) => {
      files.set(`file-${files.size + 1}`, file);
      return `file-${files.size}`;
    },
    nowSeconds: () => Math.floor(Date.now() / 1000),
  });
  const members = new Map<string, Params>();
  const about = { readsAllGroupMessages: options.readsAllGroupMessages ?? false, commands, members };
  const methods = { ...messageMethods(chats), ...botMethods(queue, about), getFile };
  const server = http.createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const fake: FakeTelegram = {
    ...people,
    ...faults,
    commands,
    members,
    draftIn: (chat) => chats.drafts.get(String(chat)) ?? '',
    url: `http://127.0.0.1:${port}`,
    bot,
    calls,
    confirmed: queue.confirmed,
    get pending() {
      return queue.pending;
    },
    get webhook() {
      return queue.webhook;
    },
    messages: (chat) => chats.messages(chat === undefined ? undefined : String(chat)),
    reactionTo: (chat, messageId) => chats.reactions.get(`${chat}/${messageId}`) ?? '',
    again: (update) => queue.again(update),
    push: (body) => queue.push(body),
    latencyMs: 0,
    close: async () => {
      queue.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request).catch(() => null);
    if (body === null) return; // the caller went away in mid-request: nothing was accepted
    const [, file, token, name = ''] = /^\/(file\/)?bot([^/]+)\/([^?]+)/.exec(request.url ?? '') ?? [];
    if (token !== options.token) {
      refuse(response, new Refusal(401, 'Unauthorized'));
      return;
    }
    if (file === undefined)
      await run(name, parseParams(request.headers['content-type'] ?? '', body), response);
    else download(name, response);
  }

  async function run(method: string, params: Params, response: ServerResponse): Promise<void> {
    const call: Call = { method, params, at: Date.now(), answeredAt: null };
    calls.push(call);
    if (calls.length > keep) calls.shift();
    response.on('finish', () => {
      call.answeredAt = Date.now();
      call.onAnswered?.(call.answeredAt);
    });
    const fault = faults.take(method);
    if (faults.apply(fault, response)) return;
    if (method === 'getUpdates') {
      queue.getUpdates(queryOf(params), response);
      options.onDone?.(call, undefined);
      return;
    }
    try {
      const result = perform(method, params);
      options.onDone?.(call, result);
      if (fake.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fake.latencyMs));
      if (fault?.type === 'drop') response.destroy();
      else answer(response, 200, { ok: true, result });
    } catch (error) {
      refuse(response, error instanceof Refusal ? error : new Refusal(500, 'Internal Server Error'));
    }
  }

  function perform(method: string, params: Params): unknown {
    const isKnown = Object.hasOwn(methods, method) && options.without?.includes(method) !== true;
    const found: unknown = isKnown ? Reflect.get(methods, method) : undefined;
    if (typeof found !== 'function') throw new Refusal(404, 'Not Found: method not found');
    return Reflect.apply(found, undefined, [params]);
  }

  function getFile(params: Params): unknown {
    const id = String(params['file_id']);
    const file = files.get(id);
    if (file === undefined) throw new Refusal(400, 'Bad Request: invalid file_id');
    if (file.bytes.byteLength > 20_000_000) throw new Refusal(400, 'Bad Request: file is too big');
    return {
      file_id: id,
      file_unique_id: id,
      file_size: file.bytes.byteLength,
      file_path: `documents/${id}`,
    };
  }

  function download(path: string, response: ServerResponse): void {
    const file = files.get(path.split('/').at(-1) ?? '');
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(file.bytes);
  }
}
