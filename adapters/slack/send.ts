import { stat } from 'node:fs/promises';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Button, DeliveryBody, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterStatePort } from '#core/ports/adapter.ts';
import { nameOfEmoji } from '#lib/text/emoji.ts';
import { cutText } from '#lib/cut.ts';
import type { Client, Failure } from './client.ts';

type Args = Readonly<Record<string, unknown>>;

/** What a delivery asks of the Web API: the one call, and the refusal that means that it is so already. */
interface Request {
  readonly method: string;
  readonly args: Args;
  /** Absent: plain. */
  readonly dialect?: string;
  /** Of the message it changes; null where it makes one. */
  readonly target: string | null;
  readonly already?: string;
}

export const metadataType = 'tiro_delivery';
export const uploadLimitBytes = 100_000_000;
const fallbackLimit = 1_000;
const labelLimit = 75;
const buttonsPerBlock = 25;
const unsaidRetryMs = 5_000;
const quiet = { unfurl_links: false, unfurl_media: false } as const;

export interface SendDeps {
  readonly client: Client;
  readonly state: AdapterStatePort;
}

/** One delivery → one Web API call that shows something → one tagged result. */
export function createSend(
  deps: SendDeps,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  return async (delivery, signal) => {
    const { body } = delivery;
    if (body.kind === 'file') return sendFile(deps, { ...delivery, body }, signal);
    const request = requestOf(delivery, body);
    if (typeof request === 'string') return permanent(request);
    const { method, args, dialect = 'plain', target, already } = request;
    const run = async (api: WebClient): Promise<Sent> => sentSchema.parse(await api.apiCall(method, args));
    const answer = await deps.client.call(run, signal);
    if (answer.ok) return { ok: true, platformId: target ?? answer.value.ts ?? '' };
    if (target !== null && answer.failure.word === already) return { ok: true, platformId: target };
    return { ok: false, error: errorOf(answer.failure, dialect) };
  };
}

const sentSchema = z.object({ ts: z.string().optional() });
type Sent = z.infer<typeof sentSchema>;

/** The call for a body, or in words why there can be none. */
function requestOf(to: OutboundDelivery, body: Exclude<DeliveryBody, { kind: 'file' }>): Request | string {
  const channel = channelOf(to.address);
  if (body.kind === 'message') {
    const metadata = { event_type: metadataType, event_payload: { delivery: to.id } };
    const args = { channel, ...threadOf(to.address), ...looksOf(body), ...quiet, metadata };
    return { method: 'chat.postMessage', args, dialect: body.dialect, target: null };
  }
  const target = body.kind === 'reaction' ? body.messageId : to.targetPlatformId;
  if (target === null || !/^\d+\.\d+$/.test(target)) return 'the message it is about was never sent to Slack';
  const which = { channel, ts: target };
  switch (body.kind) {
    case 'edit':
      return { method: 'chat.update', args: { ...which, ...looksOf(body) }, dialect: body.dialect, target };
    case 'delete':
      return { method: 'chat.delete', args: which, target, already: 'message_not_found' };
    case 'reaction': {
      const name = nameOfEmoji(body.emoji);
      if (name === null) return `Slack has no name for ${body.emoji || 'a reaction that is taken back'}`;
      const args = { channel, timestamp: target, name };
      return { method: 'reactions.add', args, target, already: 'already_reacted' };
    }
  }
}

/** Text for notifications, and blocks where there is markup or are buttons. No blocks: an edit takes them away. */
function looksOf({ dialect, text, buttons }: { dialect: string; text: string; buttons: readonly Button[] }): {
  readonly text: string;
  readonly blocks: readonly Args[];
  readonly mrkdwn: false;
} {
  const isPlain = dialect !== 'slack-markdown' && dialect !== 'slack-mrkdwn';
  const safe = isPlain ? text : withoutMassMentions(text);
  if (isPlain && buttons.length === 0) return { text: escaped(text), blocks: [], mrkdwn: false };
  const fallback = escaped(cutText(text, fallbackLimit));
  return { text: fallback, blocks: [...wordsIn(dialect, safe), ...rowsOf(buttons)], mrkdwn: false };
}

function wordsIn(dialect: string, text: string): readonly Args[] {
  if (dialect === 'slack-markdown') return [{ type: 'markdown', text }];
  if (dialect === 'slack-mrkdwn')
    return [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }];
  const pieces = text.match(/[\s\S]{1,3000}/gu) ?? [];
  return pieces.map((piece) => ({
    type: 'section',
    text: { type: 'plain_text', text: piece, emoji: false },
  }));
}

function rowsOf(buttons: readonly Button[]): readonly Args[] {
  const elements = buttons.slice(0, buttonsPerBlock).map(({ label, value }, index) => ({
    type: 'button',
    action_id: `tiro-${index}`,
    text: { type: 'plain_text', text: cutText(label, labelLimit) },
    value,
  }));
  return elements.length === 0 ? [] : [{ type: 'actions', elements }];
}

/** What calls a whole channel is shown, and calls nobody. */
function withoutMassMentions(text: string): string {
  return text.replaceAll(/<!(?=channel|here|everyone|subteam)/gi, '<\u200B!');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

type FileDelivery = OutboundDelivery & { readonly body: Extract<DeliveryBody, { kind: 'file' }> };

/**
 * Slack's three steps: an address, the bytes, and the call that shows it. Only the last shows anything. Before it the
 * file's id is stored, so that a lost answer can be looked up.
 */
async function sendFile(deps: SendDeps, delivery: FileDelivery, signal: AbortSignal): Promise<SendResult> {
  const { client, state } = deps;
  const { body, address } = delivery;
  const found = await stat(body.path).catch(messageOf);
  if (typeof found === 'string') return permanent(`the file cannot be read: ${found}`);
  if (found.size === 0) return permanent('the file is empty');
  if (found.size > uploadLimitBytes) return permanent('the file is over the 100 MB that are sent');
  const about = { filename: body.name || 'file', length: found.size };
  const place = await client.call(
    async (api) => addressSchema.parse(await api.files.getUploadURLExternal(about)),
    signal,
  );
  if (!place.ok) return notYet(place.failure);
  const { upload_url: url, file_id: id } = place.value;
  const uploaded = await client.upload(url, body.path, signal);
  if (!uploaded.ok) return notYet(uploaded.failure);
  await state.set(uploadKey(delivery), id);
  const comment = body.caption === '' ? {} : { initial_comment: escaped(body.caption) };
  const shown = { channel_id: channelOf(address), ...threadOf(address), ...comment };
  const files: [{ id: string; title: string }] = [{ id, title: about.filename }];
  const answer = await client.call((api) => api.files.completeUploadExternal({ ...shown, files }), signal);
  if (!answer.ok) return { ok: false, error: errorOf(answer.failure, 'plain') };
  await state.set(uploadKey(delivery), null);
  return { ok: true, platformId: id };
}

const addressSchema = z.object({ upload_url: z.string(), file_id: z.string() });

/** Under which the file's id is kept from the moment before the call that shows it until its answer. */
export function uploadKey({ id }: Pick<OutboundDelivery, 'id'>): string {
  return `upload ${id}`;
}

/** Nothing was shown yet: what would be unknown of the call that shows it is a failure to try again. */
function notYet(failure: Failure): SendResult {
  const error = errorOf(failure, 'plain');
  return { ok: false, error: error.type === 'unknown' ? { ...error, type: 'transient' } : error };
}

const markup =
  /^(invalid_blocks|invalid_blocks_format|msg_blocks_too_long|msg_too_long|markdown_text_conflict|no_text|invalid_arguments|block_mismatch)$/;
const unsure = /^(fatal_error|internal_error|service_unavailable|request_timeout)$/;
const account =
  /^(invalid_auth|not_authed|account_inactive|token_revoked|token_expired|team_access_not_granted|ekm_access_denied|org_login_required|team_added_to_org)$/;

/**
 * | Slack | means |
 * |---|---|
 * | 429, ratelimited | rate-limited, for as long as it asks |
 * | invalid_blocks, msg_too_long and their like, in a marked-up dialect | format-refused |
 * | invalid_auth, token_revoked and their like | transient: surely not sent, and a new token cures it |
 * | fatal_error, internal_error | unknown: Slack says that some of it may have been done |
 * | channel_not_found, is_archived, not_in_channel, any other word | permanent, with Slack's word |
 * | 3xx and 4xx without a word | permanent |
 * | any 5xx, a page that is no answer | unknown |
 * | never connected, held back by our own gateway | transient |
 * | connection lost, 60 s without an answer, aborted after it left | unknown |
 */
function errorOf({ type, word, why: reason, retryAfterMs }: Failure, dialect: string): SendError {
  if (type === 'not-sent') return { type: 'transient', reason };
  if (type === 'rate-limited' || /^rate_?limited$/.test(word))
    return { type: 'rate-limited', retryAfterMs: retryAfterMs ?? unsaidRetryMs, reason };
  if (type === 'lost' || unsure.test(word) || (type === 'http' && Number(word) >= 500))
    return { type: 'unknown', reason };
  if (account.test(word)) return { type: 'transient', reason };
  return { type: markup.test(word) && dialect !== 'plain' ? 'format-refused' : 'permanent', reason };
}

function permanent(reason: string): SendResult {
  return { ok: false, error: { type: 'permanent', reason } };
}

/** `T1/C1` → `C1`. */
export function channelOf({ chat }: Pick<OutboundDelivery['address'], 'chat'>): string {
  return chat.slice(chat.indexOf('/') + 1);
}

function threadOf({ thread }: OutboundDelivery['address']): { thread_ts?: string } {
  return thread === null ? {} : { thread_ts: thread };
}
