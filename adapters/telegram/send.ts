import { open } from 'node:fs/promises';
import { type Api, InputFile } from 'grammy/web';
import { z } from 'zod';
import type { Button, DeliveryBody, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { cutText } from '#lib/cut.ts';
import { within } from '#lib/net/within.ts';
import type { Answer, Client, Failure } from './client.ts';
import type { Groups } from './groups.ts';

type Body<K extends DeliveryBody['kind']> = Extract<DeliveryBody, { kind: K }>;

/** What a delivery asks of the Bot API: the one call, which resolves to the id of the message it made or changed. */
interface Request {
  readonly run: (api: Api) => Promise<string>;
  /** Absent: plain. */
  readonly dialect?: string;
  /** A refusal in these words means that it is so already. */
  readonly already?: { readonly words: RegExp; readonly platformId: string };
}

const richDialect = 'telegram-rich';
const noRich = 'this Bot API server does not know rich messages';
const captionLimit = 1024;
const photoLimitBytes = 10_000_000;
const uploadLimitBytes = 50_000_000;
const buttonLimitBytes = 64;
const buttonsPerRow = 3;
const photoTypes = new Set(['image/jpeg', 'image/png', 'image/webp']);
/** Should a 429 ever not say how long. */
const unsaidRetryMs = 5_000;

type Run = (request: Request) => Promise<SendResult>;

/** One delivery → one Bot API call → one tagged result. */
export function createSend(
  client: Client,
  groups: Groups,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  // A server of an older version does not know rich messages: it is asked once.
  let hasRich = true;
  return async (delivery, signal) => {
    const { body, address } = delivery;
    const chat = await groups.idNow(address.chat);
    const to = { ...delivery, address: { ...address, chat: String(chat) } };
    if (body.kind === 'file') return sendFile({ ...to, body }, run);
    const request = requestOf(to, body);
    return typeof request === 'string' ? permanent(request) : run(request);

    async function run({ run: call, dialect = 'plain', already }: Request): Promise<SendResult> {
      const isRich = dialect === richDialect;
      if (isRich && !hasRich) return { ok: false, error: { type: 'format-refused', reason: noRich } };
      const answer = await client.call(call, signal);
      if (answer.ok) return { ok: true, platformId: answer.value };
      const { failure } = answer;
      if (isRich && failure.code === 404) hasRich = false;
      // The next try goes to where the group is now.
      if (failure.movedTo !== null) await groups.moved({ from: chat, to: failure.movedTo });
      if (already?.words.test(failure.why)) return { ok: true, platformId: already.platformId };
      return { ok: false, error: errorOf(failure, dialect) };
    }
  };
}

/** What is ephemeral and comes later than this is worse than nothing. */
const glimpseMs = 5_000;

/** "Typing" and drafts: one call each, and nothing is lost with them. */
export function createGlimpses(deps: {
  readonly client: Client;
  readonly groups: Groups;
  readonly clock: ClockPort;
  readonly signal: AbortSignal;
}): Required<Pick<AdapterPort, 'typing' | 'draft'>> {
  const { client, groups, clock } = deps;
  // While Telegram limits drafts none is made: nobody misses one.
  let noDraftBefore = 0;
  return {
    async typing(address) {
      const chat = await groups.idNow(address.chat);
      const answer = await call((api) => api.sendChatAction(chat, 'typing', threadOf({ address })));
      if (!answer.ok) throw new TiroError('unavailable', answer.failure.why);
    },
    async draft({ id, chat: address, text, dialect }) {
      if (clock.elapsed() < noDraftBefore) return;
      const other = { ...threadOf({ address }), ...parseModeOf(dialect) };
      const answer = await call((api) => api.sendMessageDraft(Number(address.chat), id, text, other));
      if (answer.ok) return;
      const { code, why, retryAfterMs } = answer.failure;
      noDraftBefore = clock.elapsed() + (retryAfterMs ?? 0);
      throw new TiroError(code === 400 || code === 404 ? 'not-found' : 'unavailable', why);
    },
  };

  function call<T>(run: (api: Api) => Promise<T>): Promise<Answer<T>> {
    return within({ ...deps, ms: glimpseMs }, (signal) => client.call(run, signal));
  }
}

/** The call for a body, or in words why there can be none. */
function requestOf(to: OutboundDelivery, body: Exclude<DeliveryBody, { kind: 'file' }>): Request | string {
  if (body.kind === 'message') return messageRequest(to, body);
  const target = idOf(body.kind === 'reaction' ? body.messageId : to.targetPlatformId);
  if (target === null) return 'the message it is about was never sent to Telegram';
  const chat = Number(to.address.chat);
  const platformId = String(target);
  switch (body.kind) {
    case 'edit': {
      const looks = looksOf(body);
      if (typeof looks === 'string') return looks;
      return {
        run: (api) => api.editMessageText(chat, target, wordsOf(body), looks).then(() => platformId),
        dialect: body.dialect,
        already: { words: /message is not modified/i, platformId },
      };
    }
    case 'delete':
      return {
        run: (api) => api.deleteMessage(chat, target).then(() => platformId),
        already: { words: /message to delete not found/i, platformId },
      };
    case 'reaction': {
      const reaction = isReaction(body.emoji) ? [{ type: 'emoji' as const, emoji: body.emoji }] : [];
      return { run: (api) => api.setMessageReaction(chat, target, reaction).then(() => platformId) };
    }
  }
}

function messageRequest(to: OutboundDelivery, body: Body<'message'>): Request | string {
  const looks = looksOf(body);
  if (typeof looks === 'string') return looks;
  const replyTo = idOf(body.replyTo);
  const reply = replyTo !== null && { message_id: replyTo, allow_sending_without_reply: true };
  const other = { ...threadOf(to), ...looks, ...(reply && { reply_parameters: reply }) };
  return {
    run: async (api) => {
      const [chat, words] = [Number(to.address.chat), wordsOf(body)];
      const isPlain = typeof words === 'string';
      return idIn(
        await (isPlain ? api.sendMessage(chat, words, other) : api.sendRichMessage(chat, words, other)),
      );
    },
    dialect: body.dialect,
  };
}

type FileDelivery = OutboundDelivery & { readonly body: Body<'file'> };

async function sendFile(delivery: FileDelivery, perform: Run): Promise<SendResult> {
  const { body } = delivery;
  const opened = await open(body.path).catch(messageOf);
  if (typeof opened === 'string') return permanent(`the file cannot be read: ${opened}`);
  await using file = opened;
  const { size } = await file.stat();
  if (size === 0) return permanent('the file is empty');
  if (size > uploadLimitBytes) return permanent('the file is over the 50 MB that Telegram takes');
  const chat = Number(delivery.address.chat);
  const upload = new InputFile(file.createReadStream({ autoClose: false }), safeName(body.name));
  const other = { ...threadOf(delivery), ...(body.caption !== '' && { caption: cut(body.caption) }) };
  const isPhoto = photoTypes.has(body.mime) && size <= photoLimitBytes;
  const run = async (api: Api): Promise<string> => {
    const send = isPhoto ? api.sendPhoto(chat, upload, other) : api.sendDocument(chat, upload, other);
    return idIn(await send);
  };
  return await perform({ run });
}

/**
 * | Telegram | means |
 * |---|---|
 * | 429 | rate-limited, for as long as it asks |
 * | 400 about entities or tags, in a marked-up dialect | format-refused |
 * | 400 or 404 to a rich message | format-refused: the server may not know them |
 * | the group has another id now | transient: the next try goes there |
 * | other 3xx and 4xx | permanent, with Telegram's words |
 * | any 5xx | unknown: no 5xx of Telegram promises that nothing was done |
 * | never connected | transient |
 * | connection lost, 60 s without an answer, aborted after it left | unknown |
 */
function errorOf(failure: Failure, dialect: string): SendError {
  const { code, why: reason, retryAfterMs, movedTo } = failure;
  if (code === 'not-sent' || movedTo !== null) return { type: 'transient', reason };
  if (code === 429) return { type: 'rate-limited', retryAfterMs: retryAfterMs ?? unsaidRetryMs, reason };
  if (code === 'lost' || code < 300 || code >= 500) return { type: 'unknown', reason };
  if (dialect === richDialect && (code === 400 || code === 404)) return { type: 'format-refused', reason };
  const aboutMarkup = code === 400 && /can't parse|entit(y|ies)|unsupported (start|end) tag/i.test(reason);
  return { type: aboutMarkup && dialect !== 'plain' ? 'format-refused' : 'permanent', reason };
}

function permanent(reason: string): SendResult {
  return { ok: false, error: { type: 'permanent', reason } };
}

const sentSchema = z.object({ message_id: z.number() });

function idIn(answer: unknown): string {
  return String(sentSchema.parse(answer).message_id);
}

/** A message id of Telegram, or null for text that is none. */
function idOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function threadOf({ address }: Pick<OutboundDelivery, 'address'>): { message_thread_id?: number } {
  const thread = idOf(address.thread);
  return thread === null ? {} : { message_thread_id: thread };
}

function parseModeOf(dialect: string): { parse_mode?: 'HTML' } {
  return dialect === 'telegram-html' ? { parse_mode: 'HTML' } : {};
}

/** How a text is shown, or in words why it cannot be. Up to three buttons stand side by side. */
function looksOf({ dialect, buttons }: { readonly dialect: string; readonly buttons: readonly Button[] }) {
  if (buttons.some((button) => Buffer.byteLength(button.value) > buttonLimitBytes)) {
    return `a button holds more than ${buttonLimitBytes} bytes`;
  }
  const keys = buttons.map((button) => ({ text: button.label, callback_data: button.value }));
  const rows = keys.length > buttonsPerRow ? keys.map((key) => [key]) : [keys];
  return {
    ...(dialect !== richDialect && { link_preview_options: { is_disabled: true } }),
    ...parseModeOf(dialect),
    ...(keys.length > 0 && { reply_markup: { inline_keyboard: rows } }),
  };
}

/** A rich message is Markdown that Telegram parses itself; names and addresses in it stay text. */
function wordsOf({ text, dialect }: { readonly text: string; readonly dialect: string }) {
  return dialect === richDialect ? { markdown: text, skip_entity_detection: true } : text;
}

type Reaction = Parameters<Api['setMessageReaction']>[2][number];

/** Telegram's list of reactions grows, and it says itself which it takes. Empty text takes the reaction back. */
function isReaction(emoji: string): emoji is Extract<Reaction, { type: 'emoji' }>['emoji'] {
  return emoji !== '';
}

/** The name goes unquoted into a multipart header. */
function safeName(name: string): string {
  return name.replace(/[\p{Cc}"';\\/]/gu, '_') || 'file';
}

function cut(caption: string): string {
  return caption.length <= captionLimit ? caption : `${cutText(caption, captionLimit - 1)}…`;
}
