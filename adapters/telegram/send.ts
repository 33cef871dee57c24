import { open } from 'node:fs/promises';
import { type Api, InputFile } from 'grammy/web';
import { z } from 'zod';
import type { Button, DeliveryBody, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import { cutText } from '#lib/cut.ts';
import type { Client, Failure } from './client.ts';

type Body<K extends DeliveryBody['kind']> = Extract<DeliveryBody, { kind: K }>;

/** What a delivery asks of the Bot API: the one call, which resolves to the id of the message it made or changed. */
interface Request {
  readonly run: (api: Api) => Promise<string>;
  /** Absent: plain. */
  readonly dialect?: string;
  /** A refusal in these words means that it is so already. */
  readonly already?: { readonly words: RegExp; readonly platformId: string };
}

const captionLimit = 1024;
const photoLimitBytes = 10_000_000;
const uploadLimitBytes = 50_000_000;
const buttonLimitBytes = 64;
const buttonsPerRow = 3;
const photoTypes = new Set(['image/jpeg', 'image/png', 'image/webp']);
/** Should a 429 ever not say how long. */
const unsaidRetryMs = 5_000;

/** One delivery → one Bot API call → one tagged result. */
export function createSend(
  client: Client,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  return async (delivery, signal) => {
    const { body } = delivery;
    if (body.kind === 'file') return sendFile(client, { ...delivery, body }, signal);
    const request = requestOf(delivery, body);
    return typeof request === 'string' ? permanent(request) : perform(client, request, signal);
  };
}

async function perform(client: Client, request: Request, signal: AbortSignal): Promise<SendResult> {
  const { dialect = 'plain', already } = request;
  const answer = await client.call(request.run, signal);
  if (answer.ok) return { ok: true, platformId: answer.value };
  if (already?.words.test(answer.failure.why)) return { ok: true, platformId: already.platformId };
  return { ok: false, error: errorOf(answer.failure, dialect) };
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
        run: (api) => api.editMessageText(chat, target, body.text, looks).then(() => platformId),
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
    run: async (api) => idIn(await api.sendMessage(Number(to.address.chat), body.text, other)),
    dialect: body.dialect,
  };
}

type FileDelivery = OutboundDelivery & { readonly body: Body<'file'> };

async function sendFile(client: Client, delivery: FileDelivery, signal: AbortSignal): Promise<SendResult> {
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
  return await perform(client, { run }, signal);
}

/**
 * | Telegram | means |
 * |---|---|
 * | 429 | rate-limited, for as long as it asks |
 * | 400 about entities or tags, in a marked-up dialect | format-refused |
 * | other 3xx and 4xx | permanent, with Telegram's words |
 * | any 5xx | unknown: no 5xx of Telegram promises that nothing was done |
 * | never connected | transient |
 * | connection lost, 60 s without an answer, aborted after it left | unknown |
 */
function errorOf(failure: Failure, dialect: string): SendError {
  const { code, why: reason, retryAfterMs } = failure;
  if (code === 'not-sent') return { type: 'transient', reason };
  if (code === 429) return { type: 'rate-limited', retryAfterMs: retryAfterMs ?? unsaidRetryMs, reason };
  if (code === 'lost' || code < 300 || code >= 500) return { type: 'unknown', reason };
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

export function threadOf({ address }: Pick<OutboundDelivery, 'address'>): { message_thread_id?: number } {
  const thread = idOf(address.thread);
  return thread === null ? {} : { message_thread_id: thread };
}

/** How a text is shown, or in words why it cannot be. Up to three buttons stand side by side. */
function looksOf({ dialect, buttons }: { readonly dialect: string; readonly buttons: readonly Button[] }) {
  if (buttons.some((button) => Buffer.byteLength(button.value) > buttonLimitBytes)) {
    return `a button holds more than ${buttonLimitBytes} bytes`;
  }
  const keys = buttons.map((button) => ({ text: button.label, callback_data: button.value }));
  const rows = keys.length > buttonsPerRow ? keys.map((key) => [key]) : [keys];
  return {
    link_preview_options: { is_disabled: true },
    ...(dialect === 'telegram-html' && { parse_mode: 'HTML' as const }),
    ...(keys.length > 0 && { reply_markup: { inline_keyboard: rows } }),
  };
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
