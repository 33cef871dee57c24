import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import type { Button, DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import { cutText } from '#lib/cut.ts';
import type { Client, Failure } from './client.ts';
import { errorOf } from './errors.ts';
import type { Reports } from './reports.ts';

type Part = Readonly<Record<string, unknown>>;
type FileBody = Extract<DeliveryBody, { kind: 'file' }>;

export interface SendDeps {
  readonly client: Client;
  readonly reports: Reports;
  readonly phoneNumberId: string;
  /** Told of calls that say something about the connection, and of messages that are there. */
  readonly onFailure: (failure: Failure) => void;
  readonly onSent: (to: ChatAddress) => void;
}

export const textLimit = 4_096;
export const uploadLimitBytes = 100_000_000;
const [bodyLimit, captionLimit] = [1_024, 1_024];
const [mostButtons, titleLimit, valueLimit] = [3, 20, 256];
const uploadTimeoutMs = 240_000;

const sentSchema = z.object({ messages: z.tuple([z.object({ id: z.string().min(1) })], z.unknown()) });
const uploadedSchema = z.object({ id: z.string().min(1) });

/**
 * One delivery → one call that shows something → one tagged result. A send of which a status has already said that it
 * arrived is answered with that message, without a call.
 */
export function createSend(
  deps: SendDeps,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  return async (delivery, signal) => {
    const { body } = delivery;
    const known = await deps.reports.find(delivery.id);
    if (known !== null) return { ok: true, platformId: known };
    switch (body.kind) {
      case 'message':
        return post(deps, delivery, { part: { ...shown(body), ...answering(body.replyTo) }, signal });
      case 'reaction': {
        const reaction = { message_id: body.messageId, emoji: body.emoji };
        return post(deps, delivery, { part: { type: 'reaction', reaction }, signal });
      }
      case 'file':
        return sendFile(deps, delivery, { body, signal });
      case 'edit':
        return permanent('the Cloud API of WhatsApp cannot change a message');
      case 'delete':
        return permanent('the Cloud API of WhatsApp cannot take a message back');
    }
  };
}

async function post(
  { client, reports, phoneNumberId, onFailure, onSent }: SendDeps,
  { id, address }: OutboundDelivery,
  { part, signal }: { readonly part: Part; readonly signal: AbortSignal },
): Promise<SendResult> {
  const frame = { messaging_product: 'whatsapp', recipient_type: 'individual', ...recipient(address) };
  const body = { ...frame, ...part, biz_opaque_callback_data: id };
  const answer = await client.call({ path: `${phoneNumberId}/messages`, body, answer: sentSchema }, signal);
  if (!answer.ok) {
    onFailure(answer.failure);
    return { ok: false, error: errorOf(answer.failure) };
  }
  const [message] = answer.value.messages;
  onSent(address);
  await reports.answered(id, message.id);
  return { ok: true, platformId: message.id };
}

/** A number, or the id that Meta made for somebody who hides it. */
function recipient({ chat }: ChatAddress): Part {
  return /^\d+$/.test(chat) ? { to: chat } : { recipient: chat };
}

function answering(messageId: string | null): Part {
  return messageId === null ? {} : { context: { message_id: messageId } };
}

/** With buttons where WhatsApp takes them; without where it does not, which loses nothing: the text says what to type. */
function shown({ text, buttons }: { readonly text: string; readonly buttons: readonly Button[] }): Part {
  const replies = text.length <= bodyLimit ? repliesOf(buttons) : null;
  if (replies === null) return { type: 'text', text: { body: text, preview_url: false } };
  return {
    type: 'interactive',
    interactive: { type: 'button', body: { text }, action: { buttons: replies } },
  };
}

/** Null: none, or more than WhatsApp takes, or two that would look the same. */
function repliesOf(buttons: readonly Button[]): readonly Part[] | null {
  const replies = buttons.map(({ label, value }) => ({ id: value, title: titleOf(label) }));
  const isDifferent = (key: 'id' | 'title'): boolean =>
    new Set(replies.map((reply) => reply[key])).size === replies.length;
  const fits =
    replies.length > 0 && replies.length <= mostButtons && isDifferent('id') && isDifferent('title');
  if (!fits || replies.some(({ id, title }) => title === '' || id === '' || id.length > valueLimit))
    return null;
  return replies.map((reply) => ({ type: 'reply', reply }));
}

function titleOf(label: string): string {
  const line = label.replaceAll(/\s+/g, ' ').trim();
  return line.length <= titleLimit ? line : `${cutText(line, titleLimit - 1).trimEnd()}…`;
}

/**
 * Two calls: the bytes, and the message that shows them. A crash between them leaves bytes at Meta that nobody sees and
 * that it deletes after 30 days; the next try uploads them again.
 */
async function sendFile(
  deps: SendDeps,
  delivery: OutboundDelivery,
  { body, signal }: { readonly body: FileBody; readonly signal: AbortSignal },
): Promise<SendResult> {
  const found = await stat(body.path).catch(messageOf);
  if (typeof found === 'string') return permanent(`the file cannot be read: ${found}`);
  if (found.size === 0) return permanent('the file is empty');
  if (found.size > uploadLimitBytes) return permanent('the file is over the 100 MB that WhatsApp takes');
  const type = kindOf(body, found.size);
  const form = new FormData();
  form.set('messaging_product', 'whatsapp');
  const mime = type === 'document' ? documentMime(body.mime) : body.mime;
  form.set('type', mime);
  form.set('file', await openAsBlob(body.path, { type: mime }), body.name || 'file');
  const path = `${deps.phoneNumberId}/media`;
  const request = { path, body: form, answer: uploadedSchema, timeoutMs: uploadTimeoutMs };
  const uploaded = await deps.client.call(request, signal);
  if (!uploaded.ok) return notYet(deps, uploaded.failure);
  const caption = body.caption === '' ? {} : { caption: cutText(body.caption, captionLimit) };
  const filename = type === 'document' ? { filename: body.name || 'file' } : {};
  const part = { type, [type]: { id: uploaded.value.id, ...caption, ...filename } };
  return post(deps, delivery, { part, signal });
}

/** What WhatsApp shows as it is, by kind and size (Meta, Supported media types). The rest is a document. */
const shownAs: Readonly<Record<string, readonly [type: 'image' | 'video' | 'audio', mostBytes: number]>> = {
  'image/jpeg': ['image', 5_000_000],
  'image/png': ['image', 5_000_000],
  'video/mp4': ['video', 16_000_000],
  'video/3gpp': ['video', 16_000_000],
  'audio/aac': ['audio', 16_000_000],
  'audio/amr': ['audio', 16_000_000],
  'audio/mpeg': ['audio', 16_000_000],
  'audio/mp4': ['audio', 16_000_000],
};

function kindOf({ mime, caption }: FileBody, bytes: number): 'image' | 'video' | 'audio' | 'document' {
  const [type, most] = shownAs[mime] ?? ['document', uploadLimitBytes];
  // Sound takes no words with it.
  return bytes > most || (type === 'audio' && caption !== '') ? 'document' : type;
}

/** Of written text WhatsApp takes one kind; the name keeps its own ending. */
function documentMime(mime: string): string {
  const isText = /^text\/|^application\/(?:json|xml|yaml|x-yaml|toml|javascript|x-ndjson)$/.test(mime);
  return isText ? 'text/plain' : mime;
}

/** Nothing was shown yet: what would be unknown of the message is a failure to try again. */
function notYet({ onFailure }: SendDeps, failure: Failure): SendResult {
  onFailure(failure);
  const error = errorOf(failure);
  return { ok: false, error: error.type === 'unknown' ? { ...error, type: 'transient' } : error };
}

function permanent(reason: string): SendResult {
  return { ok: false, error: { type: 'permanent', reason } };
}
