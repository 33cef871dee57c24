import { type Params, parseJson } from './wire.ts';

/** A message as conversations.history tells it; `channel` is ours. */
export interface Message {
  readonly type: 'message';
  readonly channel: string;
  readonly ts: string;
  readonly user: string;
  text: string;
  readonly thread_ts?: string;
  readonly bot_id?: string;
  readonly subtype?: string;
  blocks?: unknown;
  readonly metadata?: unknown;
  edited?: { readonly user: string; readonly ts: string };
  readonly files?: readonly unknown[];
}

/** ok: false of the Web API. */
export class Refusal extends Error {}

const keepDefault = Number.POSITIVE_INFINITY;
export const bot = { user: 'UBOT', bot: 'BBOT', app: 'A1', team: 'T1' } as const;
const textLimit = 40_000;
const markdownLimit = 12_000;

interface Page {
  readonly page: readonly Message[];
  /** The cursor of the next page, or ''. */
  readonly next: string;
}

/** The workspace's channels. Calls take the parameters of the Web API and throw its refusals. */
export interface Chats {
  readonly messages: Message[];
  /** Names of the bot's reactions, by `channel/ts`. */
  readonly reactions: ReadonlyMap<string, readonly string[]>;
  /** Later than every other, in microseconds since 1970 as Slack writes them. */
  nextTs(): string;
  add(message: Message): Message;
  find(channel: string, ts: string): Message | undefined;
  /** Newest first, without what stands in threads only. */
  history(params: Params): Page;
  /** Oldest first, with the message that the thread hangs on. */
  replies(params: Params): Page;
  post(params: Params): Message;
  update(params: Params): Message;
  remove(params: Params): void;
  react(params: Params): void;
}

export function createChats(keep = keepDefault): Chats {
  const messages: Message[] = [];
  const reactions = new Map<string, string[]>();
  let lastTs = 0;
  return { messages, reactions, nextTs, add, find, history, replies, post, update, remove, react };

  function nextTs(): string {
    lastTs = Math.max(Date.now() * 1000, lastTs + 1);
    return tsOf(lastTs);
  }

  function add(message: Message): Message {
    messages.push(message);
    if (messages.length > keep) messages.shift();
    return message;
  }

  function find(channel: string, ts: string): Message | undefined {
    return messages.find((message) => message.channel === channel && message.ts === ts);
  }

  function post(params: Params): Message {
    const channel = params['channel'] ?? '';
    if (!/^[CDG]/.test(channel)) throw new Refusal('channel_not_found');
    const content = contentOf(params);
    const thread = params['thread_ts'];
    return add({
      type: 'message',
      channel,
      ts: nextTs(),
      user: bot.user,
      bot_id: bot.bot,
      ...content,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...('metadata' in params ? { metadata: parseJson(params['metadata'] ?? '') } : {}),
    });
  }

  function update(params: Params): Message {
    const message = find(params['channel'] ?? '', params['ts'] ?? '');
    if (message === undefined) throw new Refusal('message_not_found');
    if (message.user !== bot.user) throw new Refusal('cant_update_message');
    const content = contentOf(params);
    message.text = content.text;
    if ('blocks' in content) message.blocks = content.blocks;
    message.edited = { user: bot.user, ts: nextTs() };
    return message;
  }

  function remove(params: Params): void {
    const message = find(params['channel'] ?? '', params['ts'] ?? '');
    if (message === undefined) throw new Refusal('message_not_found');
    messages.splice(messages.indexOf(message), 1);
  }

  function react(params: Params): void {
    const { channel = '', timestamp = '', name = '' } = params;
    if (!/^[a-z0-9_+-]+$/.test(name)) throw new Refusal('invalid_name');
    const key = `${channel}/${timestamp}`;
    const there = reactions.get(key) ?? [];
    if (there.includes(name)) throw new Refusal('already_reacted');
    reactions.set(key, [...there, name]);
  }

  function history(params: Params): Page {
    const all = messages.filter(
      (message) =>
        message.channel === params['channel'] &&
        (message.thread_ts === undefined ||
          message.thread_ts === message.ts ||
          message.subtype === 'thread_broadcast'),
    );
    return pageOf(within(all, params).reverse(), params);
  }

  function replies(params: Params): Page {
    const { channel, ts } = params;
    const all = messages.filter(
      (message) => message.channel === channel && (message.thread_ts === ts || message.ts === ts),
    );
    return pageOf(within(all, params), params);
  }
}

function within(all: readonly Message[], { oldest = '0', latest = '9', inclusive }: Params): Message[] {
  const isIn = ({ ts }: Message): boolean =>
    inclusive === 'true'
      ? Number(ts) >= Number(oldest) && (latest === '9' || Number(ts) <= Number(latest))
      : Number(ts) > Number(oldest) && (latest === '9' || Number(ts) < Number(latest));
  return all.filter(isIn).sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

function pageOf(all: readonly Message[], { limit = '100', cursor = '0' }: Params): Page {
  const start = Number(cursor);
  const end = start + Number(limit);
  return { page: all.slice(start, end), next: end < all.length ? String(end) : '' };
}

/** Text and blocks of a call, refused as Slack refuses them. */
function contentOf(params: Params): { readonly text: string; readonly blocks?: unknown } {
  const text = params['text'] ?? '';
  const blocks = params['blocks'] === undefined ? undefined : parseJson(params['blocks']);
  if (text === '' && (!Array.isArray(blocks) || blocks.length === 0)) throw new Refusal('no_text');
  if (text.length > textLimit) throw new Refusal('msg_too_long');
  if (blocks === undefined) return { text };
  if (!Array.isArray(blocks) || blocks.length > 50) throw new Refusal('invalid_blocks');
  for (const block of blocks) checkBlock(block);
  return { text, blocks };
}

function checkBlock(block: unknown): void {
  const [type, words] = [field(block, 'type'), wordsOf(block)];
  if (type === 'markdown' && (words === '' || words.length > markdownLimit))
    throw new Refusal('invalid_blocks');
  if (type === 'section' && (words === '' || words.length > 3000)) throw new Refusal('invalid_blocks');
  if (!['markdown', 'section', 'actions'].includes(String(type))) throw new Refusal('invalid_blocks');
  const elements = field(block, 'elements');
  if (type === 'actions' && (!Array.isArray(elements) || elements.length === 0 || elements.length > 25))
    throw new Refusal('invalid_blocks');
}

/** What a person reads of a message. */
export function shownText({ text, blocks }: Pick<Message, 'text' | 'blocks'>): string {
  const lines = Array.isArray(blocks) ? blocks.map(wordsOf).filter((line) => line !== '') : [];
  return lines.length > 0 ? lines.join('') : unescape(text);
}

function wordsOf(block: unknown): string {
  const text = field(block, 'text');
  if (typeof text === 'string') return text;
  const inner = field(text, 'text');
  if (typeof inner !== 'string') return '';
  return field(text, 'type') === 'mrkdwn' ? unescape(inner) : inner;
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function tsOf(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}
