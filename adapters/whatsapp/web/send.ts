import { createHash } from 'node:crypto';
import type * as Baileys from 'baileys';
import type { DeliveryBody, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterStatePort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { jidOf } from './address.ts';
import { sentKey, timeIn } from './keys.ts';
import type { Connection, OpenLine } from './connect.ts';
import type { Line } from './socket.ts';
import { type Upload, isUpload } from './media.ts';

type Message = Baileys.proto.IMessage;
type Key = Baileys.proto.IMessageKey;

export interface SendDeps {
  readonly clock: ClockPort;
  readonly state: AdapterStatePort;
  readonly line: Connection['line'];
  upload(
    body: Extract<DeliveryBody, { kind: 'file' }>,
    line: Line,
    signal: AbortSignal,
  ): Promise<Upload | SendError>;
}

/** What is to be shown, and as what kind of change. */
interface Request {
  readonly message: Message;
  /** The attribute `edit` of the stanza: absent for what is new. */
  readonly edit?: '1' | '7';
  /** The id of the message that it changes; null: it makes one. */
  readonly target: string | null;
}

const sendMs = 30_000;
const uploadMs = 120_000;
/** WhatsApp shows no change of an older message. */
const editForMs = 15 * 60_000;
const slowDownMs = 60_000;

/**
 * One delivery → one message stanza → the server's acknowledgement → one tagged result. The id is made from the delivery:
 * what is sent again carries it again, and is one message to whoever gets both.
 */
export function createSend(
  deps: SendDeps,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  return async (delivery, signal) => {
    if (signal.aborted) return failed('transient', 'stopped before it was sent');
    const jid = jidOf(delivery.address.chat);
    if (jid === null) return failed('permanent', 'this is no chat of WhatsApp');
    const open = await deps.line(signal);
    if (typeof open === 'string') return failed('transient', open);
    const ms = delivery.body.kind === 'file' ? uploadMs : sendMs;
    const way: Way = { ...open, jid, hasLeft: false };
    try {
      return await within({ clock: deps.clock, ms, signal }, async (limit) => {
        const both = AbortSignal.any([limit, open.line.over]);
        const missing = await whyUnreachable(way, both);
        if (missing !== null) return { ok: false, error: missing };
        const request = await requestFor(deps, { delivery, way }, both);
        return 'ok' in request ? request : await perform(deps, { delivery, way, request }, both);
      });
    } catch (error) {
      const why = signal.aborted ? 'stopped while waiting for the answer' : messageOf(error);
      return failed(way.hasLeft ? 'unknown' : 'transient', why);
    }
  };
}

/** Over which connection, and to whom. */
interface Way extends OpenLine {
  readonly jid: string;
  /** From then on nobody knows whether it arrived. */
  hasLeft: boolean;
}

interface Sending {
  readonly delivery: OutboundDelivery;
  readonly way: Way;
}

async function requestFor(
  deps: SendDeps,
  { delivery, way }: Sending,
  signal: AbortSignal,
): Promise<Request | SendResult> {
  const { body } = delivery;
  const { jid, line, lib } = way;
  switch (body.kind) {
    case 'file': {
      const upload = await until(signal, deps.upload(body, line, signal));
      return isUpload(upload) ? { message: upload.message, target: null } : { ok: false, error: upload };
    }
    case 'message':
      return { message: textMessage(body.text, quoteOf(body.replyTo)), target: null };
    case 'reaction': {
      const senderTimestampMs = deps.clock.now();
      const reactionMessage = { key: keyOf(body.messageId, jid), text: body.emoji, senderTimestampMs };
      return { message: { reactionMessage }, target: body.messageId };
    }
    case 'edit':
    case 'delete':
      return await changeFor(deps, { body, jid, target: delivery.targetPlatformId }, lib);
  }
}

async function changeFor(
  { clock, state }: SendDeps,
  it: {
    readonly body: Extract<DeliveryBody, { kind: 'edit' | 'delete' }>;
    readonly jid: string;
    readonly target: string | null;
  },
  lib: typeof Baileys,
): Promise<Request | SendResult> {
  const { body, jid, target } = it;
  if (target === null) return failed('permanent', 'the message it is about was never sent to WhatsApp');
  const { MESSAGE_EDIT, REVOKE } = lib.proto.Message.ProtocolMessage.Type;
  const key = { remoteJid: jid, fromMe: true, id: target };
  if (body.kind === 'delete')
    return { message: { protocolMessage: { key, type: REVOKE } }, edit: '7', target };
  const now = clock.now();
  if (now - timeIn((await state.get(sentKey(target))) ?? '') > editForMs)
    return failed('permanent', 'WhatsApp changes no message that is older than 15 minutes');
  const editedMessage = textMessage(body.text, null);
  const protocolMessage = { key, type: MESSAGE_EDIT, editedMessage, timestampMs: now };
  return { message: { protocolMessage }, edit: '1', target };
}

/** The one call. Before it a copy is stored, since the phone may ask for it again. */
async function perform(
  { state, clock }: SendDeps,
  { delivery, way, request }: Sending & { readonly request: Request },
  signal: AbortSignal,
): Promise<SendResult> {
  const { line, lib, jid } = way;
  const id = idFor(delivery);
  const copy = Buffer.from(lib.proto.Message.encode(request.message).finish()).toString('base64');
  // Not before it is stored: who has lost the home is refused here.
  await state.set(sentKey(id), JSON.stringify({ at: clock.now(), copy }));
  signal.throwIfAborted();
  way.hasLeft = true;
  const acknowledged = acknowledgementOf(line, id, signal);
  const additionalAttributes = request.edit === undefined ? {} : { edit: request.edit };
  const relayed = line.sock.relayMessage(jid, request.message, { messageId: id, additionalAttributes });
  const [, error] = await Promise.all([until(signal, relayed), acknowledged]);
  if (error !== null) return { ok: false, error: errorOf(error) };
  return { ok: true, platformId: request.target ?? id };
}

/** The same for the same delivery, in the form that WhatsApp's web client gives to ids. What is changed twice has two. */
export function idFor({ id, address, body, targetPlatformId }: OutboundDelivery): string {
  const text = body.kind === 'edit' ? body.text : body.kind === 'reaction' ? body.emoji : '';
  const what = JSON.stringify([id, address.chat, body.kind, targetPlatformId, text]);
  return `3EB0${createHash('sha256').update(what).digest('hex').slice(0, 18).toUpperCase()}`;
}

/**
 * Null: there are devices to send to; they are looked up for the sending as well, and known for some minutes. The library
 * would send to nobody where there are none, also where it was only not told in time.
 */
async function whyUnreachable({ line: { sock }, jid }: Way, signal: AbortSignal): Promise<SendError | null> {
  if (jid.endsWith('@g.us')) return null;
  if ((await until(signal, sock.getUSyncDevices([jid], true, false))).length > 0) return null;
  const answer = jid.endsWith('@lid') ? undefined : await until(signal, sock.onWhatsApp(jid));
  return answer?.length === 0
    ? { type: 'permanent', reason: 'this number has no WhatsApp' }
    : { type: 'transient', reason: 'WhatsApp did not say which devices there are' };
}

/** Resolves with the server's refusal, or null where it took the message; rejects when the signal aborts before. */
function acknowledgementOf(line: Line, id: string, signal: AbortSignal): Promise<string | null> {
  const answer = Promise.withResolvers<string | null>();
  const hear = ({ attrs }: Baileys.BinaryNode): void => {
    if (attrs['id'] === id) answer.resolve(attrs['error'] ?? null);
  };
  line.sock.ws.on('CB:ack,class:message', hear);
  return until(signal, answer.promise).finally(() => line.sock.ws.off('CB:ack,class:message', hear));
}

/** Rejects when the signal aborts before. */
async function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void =>
    stopped.reject(signal.reason instanceof Error ? signal.reason : new Error('the connection is over'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * | WhatsApp | means |
 * |---|---|
 * | 429 | rate-limited, for a minute |
 * | 479 | transient: it takes the keys of a device for old, and they are asked for anew |
 * | 463 | permanent: this account may not begin chats |
 * | other 4xx | permanent |
 * | 5xx, the connection ended, 30 s without an answer, aborted after it left | unknown |
 */
function errorOf(code: string): SendError {
  const reason = `WhatsApp refuses the message with ${/^\d{3}$/.test(code) ? code : 'an error'}`;
  if (code === '429') return { type: 'rate-limited', retryAfterMs: slowDownMs, reason };
  if (code === '479') return { type: 'transient', reason };
  if (code === '463')
    return {
      type: 'permanent',
      reason: `${reason}: this account may not begin chats with people who never wrote to it`,
    };
  return { type: code.startsWith('4') ? 'permanent' : 'unknown', reason };
}

function failed(type: Exclude<SendError['type'], 'rate-limited'>, reason: string): SendResult {
  return { ok: false, error: { type, reason } };
}

function textMessage(text: string, contextInfo: Baileys.proto.IContextInfo | null): Message {
  return { extendedTextMessage: { text, ...(contextInfo === null ? {} : { contextInfo }) } };
}

/** `SENDER/ID` as parse.ts makes it; without a sender it is ours. */
function partsOf(messageId: string): { readonly author: string | null; readonly id: string } {
  const at = messageId.lastIndexOf('/');
  return { author: at < 0 ? null : messageId.slice(0, at), id: messageId.slice(at + 1) };
}

/** The phone has the words that are quoted; an empty message stands for them. */
function quoteOf(replyTo: string | null): Baileys.proto.IContextInfo | null {
  const { author, id } = partsOf(replyTo ?? '');
  const participant = author === null ? null : jidOf(author);
  return participant === null ? null : { stanzaId: id, participant, quotedMessage: { conversation: '' } };
}

function keyOf(messageId: string, jid: string): Key {
  const { author, id } = partsOf(messageId);
  const participant = author === null ? null : jidOf(author);
  const inGroup = jid.endsWith('@g.us') && participant !== null ? { participant } : {};
  return { remoteJid: jid, fromMe: participant === null, id, ...inGroup };
}
