import { parseHtml } from './html.ts';
import { type Params, textOf, type Upload } from './wire.ts';

/** A message of the bot as its chat shows it now. */
export interface ShownMessage {
  readonly id: number;
  readonly chat: string;
  readonly thread: number | null;
  /** rich: a rich message; its text is its Markdown. */
  readonly kind: 'text' | 'rich' | 'photo' | 'document';
  /** As people read it: markup taken away, edits applied. For a file its caption. */
  readonly text: string;
  /** Each text it had, first to last. */
  readonly versions: readonly string[];
  /** As the last call sent it, markup and all. */
  readonly source: string;
  readonly parseMode: string | null;
  readonly replyTo: number | null;
  readonly buttons: readonly { readonly text: string; readonly value: string }[];
  readonly file: Upload | null;
  readonly linkPreview: boolean;
  readonly at: number;
}

/** A refusal of the Bot API. */
export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, description: string) {
    super(description);
    this.code = code;
  }
}

const textLimit = 4096;
const richLimit = 32_768;
const captionLimit = 1024;
const notModified =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

export interface Chats {
  /** Every chat's messages of the bot, in order; deleted ones are gone. */
  messages(chat?: string): readonly ShownMessage[];
  /** `chat/message id` → the bot's reaction. */
  readonly reactions: ReadonlyMap<string, string>;
  /** What a private chat shows of a message that is still written; gone with the next message. */
  readonly drafts: ReadonlyMap<string, string>;
  draft(params: Params): void;
  send(kind: ShownMessage['kind'], params: Params, now: number): ShownMessage;
  editText(params: Params): ShownMessage;
  remove(params: Params): void;
  react(params: Params): void;
  nextMessageId(): number;
}

/** Of the messages only the newest `keep` are shown. */
export function createChats(keep: number): Chats {
  const shown = new Map<string, ShownMessage>();
  const reactions = new Map<string, string>();
  const drafts = new Map<string, string>();
  let lastId = 0;
  const keyOf = (params: Params): string => `${String(params['chat_id'])}/${String(params['message_id'])}`;

  return {
    messages: (chat) => [...shown.values()].filter((message) => chat === undefined || message.chat === chat),
    reactions,
    drafts,
    draft: (params) => {
      if (!/^[1-9]\d*$/.test(String(params['chat_id'])))
        throw new Refusal(400, 'Bad Request: TEXTDRAFT_PEER_INVALID');
      if (!Number.isSafeInteger(params['draft_id']) || params['draft_id'] === 0)
        throw new Refusal(400, 'Bad Request: draft identifier is invalid');
      drafts.set(String(params['chat_id']), readText(params, 'text', textLimit));
    },
    nextMessageId: () => (lastId += 1),
    send: (kind, params, now) => {
      const isText = kind === 'text' || kind === 'rich';
      const text = wordsOf(kind, params);
      lastId += 1;
      drafts.delete(String(params['chat_id']));
      const message = {
        ...pieces(params),
        id: lastId,
        chat: String(params['chat_id']),
        kind,
        text,
        versions: [text],
        file: isText ? null : requireFile(params[kind]),
        at: now,
      };
      shown.set(`${message.chat}/${message.id}`, message);
      const [oldest] = shown.keys();
      if (shown.size > keep && oldest !== undefined) shown.delete(oldest);
      return message;
    },
    editText: (params) => {
      const before = shown.get(keyOf(params));
      if (before === undefined) throw new Refusal(400, 'Bad Request: message to edit not found');
      const text = requireText(params, textLimit);
      const after = pieces(params);
      const same = before.source === after.source && isSame(before.buttons, after.buttons);
      if (same) throw new Refusal(400, notModified);
      const { source, parseMode, buttons } = after;
      const message = { ...before, source, parseMode, buttons, text, versions: [...before.versions, text] };
      shown.set(keyOf(params), message);
      return message;
    },
    remove: (params) => {
      if (!shown.delete(keyOf(params))) throw new Refusal(400, 'Bad Request: message to delete not found');
    },
    react: (params) => {
      const list = Array.isArray(params['reaction']) ? params['reaction'] : [];
      reactions.set(keyOf(params), list.map((entry: { emoji?: string }) => entry.emoji ?? '').join(''));
    },
  };
}

function wordsOf(kind: ShownMessage['kind'], params: Params): string {
  if (kind === 'text') return requireText(params, textLimit);
  if (kind !== 'rich') return readText(params, 'caption', captionLimit);
  const markdown = dig(params, 'rich_message', 'markdown');
  if (typeof markdown !== 'string' || markdown.trim() === '') {
    throw new Refusal(400, 'Bad Request: rich message is empty');
  }
  if (markdown.length > richLimit) throw new Refusal(400, 'Bad Request: rich message is too long');
  return markdown;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function pieces(
  params: Params,
): Pick<ShownMessage, 'thread' | 'source' | 'parseMode' | 'replyTo' | 'buttons' | 'linkPreview'> {
  const reply = Number(dig(params, 'reply_parameters', 'message_id'));
  return {
    thread: params['message_thread_id'] === undefined ? null : Number(params['message_thread_id']),
    source: textOf(params, 'text') || textOf(params, 'caption'),
    parseMode: typeof params['parse_mode'] === 'string' ? params['parse_mode'] : null,
    replyTo: Number.isNaN(reply) ? null : reply,
    buttons: buttonsOf(params),
    linkPreview: dig(params, 'link_preview_options', 'is_disabled') !== true,
  };
}

function buttonsOf(params: Params): ShownMessage['buttons'] {
  const rows = dig(params, 'reply_markup', 'inline_keyboard');
  if (!Array.isArray(rows)) return [];
  const buttons = rows.flat().map((button: Params) => ({
    text: String(button['text']),
    value: String(button['callback_data']),
  }));
  if (buttons.some((button) => Buffer.byteLength(button.value) > 64)) {
    throw new Refusal(400, 'Bad Request: BUTTON_DATA_INVALID');
  }
  return buttons;
}

function requireText(params: Params, limit: number): string {
  const text = readText(params, 'text', limit);
  if (text.trim() === '') throw new Refusal(400, 'Bad Request: message text is empty');
  return text;
}

function readText(params: Params, field: 'text' | 'caption', limit: number): string {
  const source = textOf(params, field);
  const parsed = params['parse_mode'] === 'HTML' ? parseHtml(source) : { ok: true as const, text: source };
  if (!parsed.ok) throw new Refusal(400, parsed.error);
  if (parsed.text.length <= limit) return parsed.text;
  const what = field === 'text' ? 'message is too long' : 'message caption is too long';
  throw new Refusal(400, `Bad Request: ${what}`);
}

function requireFile(value: unknown): Upload {
  if (isUpload(value)) return value;
  throw new Refusal(400, 'Bad Request: there is no file in the request');
}

function isUpload(value: unknown): value is Upload {
  return typeof value === 'object' && value !== null && 'bytes' in value;
}

function dig(params: Params, outer: string, inner: string): unknown {
  const value = params[outer];
  return typeof value === 'object' && value !== null ? Reflect.get(value, inner) : undefined;
}
