import { messageOf } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import { sha256Hex } from '#lib/hash.ts';
import { createHash } from 'node:crypto';
import { type FromField, type Mailbox, addressesIn, readFrom } from './read/address.ts';
import { type Headers, decodeWords, messageIdsIn, readHeaders } from './read/headers.ts';
import { bounceIn, machineIn } from './read/loops.ts';
import { type Body, readBody } from './read/mail.ts';
import { type Resolve, proveSender } from './read/proof.ts';
import { sayWords } from './read/words.ts';
import { type EmailSettings, deliveryOf, isOwn } from './settings.ts';
import { type Threads, bareSubject } from './threads.ts';

/** A mail as it lies in the mailbox. */
export interface Mail {
  /** Such as `1700000000/12`: where it is found again. */
  readonly place: string;
  /** All of it, or only its header where it is too large. */
  readonly raw: Uint8Array;
  readonly bytes: number;
  readonly whole: boolean;
  readonly arrivedAt: number;
}

export type Reading =
  | { readonly type: 'event'; readonly event: InboundEvent }
  | { readonly type: 'nothing'; readonly why: string }
  /** Nobody can say yet who it is from. */
  | { readonly type: 'later'; readonly why: string };

export interface ReadDeps {
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly threads: Threads;
  readonly resolve: Resolve;
  /** Tells whether one more mail of this sender may be answered. */
  mayPass(sender: string, mail: string): boolean;
}

/** Fields that a mail has once. One more would be read by one program and not by another. */
const once = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'date',
  'content-type',
  'mime-version',
  'content-transfer-encoding',
];
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const oldestMs = 7 * dayMs;
const nobody = 'unknown';
const fromNobody: FromField = { type: 'unclear', why: 'its header is too long', hint: null };

/**
 * A mail → what the kernel hears of it. Who it is from is proven or the event carries a doubt; what it says is read only
 * then. `last`: nobody asks again, so what cannot be proven now is a doubt. Never throws.
 */
export function createReader(
  deps: ReadDeps,
  settings: EmailSettings,
): (mail: Mail, last: boolean, signal: AbortSignal) => Promise<Reading> {
  return async (mail, last, signal) => {
    const headers = readHeaders(mail.raw);
    const bounce = bounceIn(headers, mail.raw, (id) => deliveryOf(id, settings.address));
    const value = headers.get('from');
    if (value === null && !headers.excess) return { type: 'nothing', why: 'it has no From' };
    const field = value === null ? fromNobody : readFrom(value);
    const facts: Facts = { mail, headers };
    const known = field.type === 'one' ? field.mailbox.address : (field.hint ?? nobody);
    if (bounce !== null) {
      const event = doubtful(facts, known, '');
      const { delivery, reason } = bounce;
      return {
        type: 'event',
        event: { ...event, kind: 'undelivered', messageId: delivery, text: reason },
      };
    }
    if (field.type === 'unclear') return doubt(facts, known, field.why);
    const from = field.mailbox;
    if (isOwn(from.address, settings.address)) return { type: 'nothing', why: 'it is from our own address' };
    const odd = oddIn(facts, settings) ?? machineIn(headers, from.address);
    if (odd !== null) return doubt(facts, from.address, odd);
    const proof = await proveSender(
      deps,
      { raw: mail.raw, headers, from, arrivedAt: mail.arrivedAt },
      { trustedAuthserv: settings.trustedAuthserv, signal },
    );
    if (proof.type === 'later' && !last) return proof;
    if (proof.type !== 'proven')
      return doubt(facts, from.address, `not proven to be from ${from.address}: ${proof.why}`);
    const id = platformIdOf(facts, from.address);
    // What came while nobody read is no fast loop, nor is a mailbox that is looked through again.
    const isFresh = mail.arrivedAt > deps.clock.now() - hourMs;
    if (isFresh && !deps.mayPass(from.address, id))
      return doubt(facts, from.address, 'more mails in an hour than are answered');
    return { type: 'event', event: await spoken(deps, { ...facts, from, id }) };
  };
}

interface Facts {
  readonly mail: Mail;
  readonly headers: Headers;
}

/** What makes a mail unfit to be an order to us, whoever it is from. */
function oddIn({ headers, mail }: Facts, { address, trustedAuthserv }: EmailSettings): string | null {
  if (headers.excess) return 'its header is too long';
  if (headers.malformed) return 'its header cannot be read in one way only';
  const twice = once.find((name) => headers.count(name) > 1);
  if (twice !== undefined) return `it has two ${twice} fields`;
  const date = dateOf(headers);
  const to = [headers.get('to'), headers.get('cc')].flatMap((value) => addressesIn(value ?? ''));
  // A genuine mail to somebody else, handed on to us, is no order to us.
  if (!to.some((one) => isOwn(one, address))) return 'it is not addressed to us (To, Cc)';
  // By them a copy is known: without, the same words twice and one mail brought twice would be the same.
  if ((headers.get('message-id') ?? '') === '' && date === null) return 'it has neither Message-ID nor Date';
  if (date !== null && date < mail.arrivedAt - oldestMs)
    return 'it was written more than a week before it came';
  if (!mail.whole && trustedAuthserv === null) return 'too large for its signature to be checked';
  return null;
}

function dateOf(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '');
  return Number.isFinite(at) ? at : null;
}

/**
 * The same mail carries the same id in every copy of the mailbox. The sender is a part of it, so that nobody keeps another
 * person's mail out by sending one with its Message-ID before.
 */
function platformIdOf({ headers, mail }: Facts, proven: string | null): string {
  const id = headers.get('message-id');
  if (proven === null) return `raw:${hashOf(mail.raw)}`;
  if (id === null || id === '') return `said:${sha256Hex(`${proven}\n${signedWordsOf(headers, mail.raw)}`)}`;
  return `mid:${sha256Hex(`${proven}\n${id}`)}`;
}

/** Of a mail without a Message-ID what no copy of it can have otherwise: spaces may change under a signature. */
function signedWordsOf(headers: Headers, raw: Uint8Array): string {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const body = text.slice(Math.max(0, text.search(/\r?\n\r?\n/)));
  const words = [headers.get('date'), headers.get('subject'), body];
  return words.map((part) => (part ?? '').replaceAll(/\s+/g, ' ').trim()).join('\n');
}

function hashOf(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex');
}

function doubt(facts: Facts, sender: string, why: string): Reading {
  return { type: 'event', event: doubtful(facts, sender, why) };
}

function doubtful(facts: Facts, sender: string, why: string): InboundEvent {
  return {
    platformId: platformIdOf(facts, null),
    kind: 'message',
    chat: { channel: 'email', chat: sender, thread: null },
    direct: true,
    sender: { id: sender, name: '' },
    addressed: true,
    text: '',
    files: [],
    messageId: null,
    replyTo: null,
    ...(why === '' ? {} : { doubt: why.slice(0, 500) }),
    sentAt: sentAt(facts),
    raw: rawOf(facts),
  };
}

/** What its sender says, where that can be. */
function sentAt({ headers, mail }: Facts): number {
  const date = dateOf(headers);
  return date !== null && date <= mail.arrivedAt && date >= mail.arrivedAt - oldestMs ? date : mail.arrivedAt;
}

const kept = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'authentication-results',
];

/** The envelope, not the words. */
function rawOf({ headers, mail }: Facts): string {
  const fields = kept.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value.slice(0, 2_000).toWellFormed()]];
  });
  return JSON.stringify({ place: mail.place, bytes: mail.bytes, ...Object.fromEntries(fields) });
}

async function spoken(
  deps: ReadDeps,
  facts: Facts & { readonly from: Mailbox; readonly id: string },
): Promise<InboundEvent> {
  const { headers, from, id } = facts;
  const [messageId = null] = messageIdsIn(headers.get('message-id'));
  const parents = messageIdsIn(headers.get('in-reply-to'));
  const references = [...messageIdsIn(headers.get('references')).slice(0, 1), ...parents];
  const chat = from.address;
  const thread = await deps.threads.placeOf(chat, references, messageId ?? id);
  const subject = bareSubject(decodeWords(headers.get('subject') ?? ''));
  if (messageId !== null) await deps.threads.heard({ chat, thread, messageId }, subject);
  const words = await wordsOf(deps, facts, references.length === 0);
  return {
    platformId: id,
    kind: 'message',
    chat: { channel: 'email', chat, thread },
    direct: true,
    sender: { id: chat, name: nameOf(from) },
    addressed: true,
    ...words,
    messageId: messageId === null ? null : `<${messageId}>`,
    replyTo: parents[0] === undefined ? null : `<${parents[0]}>`,
    sentAt: sentAt(facts),
    raw: rawOf(facts),
  };
}

async function wordsOf(
  deps: ReadDeps,
  { headers, mail }: Facts,
  first: boolean,
): Promise<Pick<InboundEvent, 'text' | 'files'>> {
  const subject = decodeWords(headers.get('subject') ?? '')
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 500);
  if (!mail.whole) {
    const size = `${Math.round(mail.bytes / 1_000_000)} MB`;
    return {
      text: `[a mail of ${size} that is too large to be read]${subject === '' ? '' : `\nSubject: ${subject}`}`,
      files: [],
    };
  }
  const body = await bodyOf(deps, mail);
  if (body === null) {
    return {
      text: `[a mail that cannot be read]${subject === '' ? '' : `\nSubject: ${subject}`}`,
      files: [],
    };
  }
  const text = sayWords({ body: body.text, subject, first, hid: body.hid });
  const more = body.more === 0 ? '' : `\n\n[${body.more} more files were left out]`;
  return { text: `${text}${more}`, files: [...body.files] };
}

async function bodyOf({ log }: ReadDeps, mail: Mail): Promise<Body | null> {
  try {
    return await readBody(mail.raw, mail.place);
  } catch (error) {
    log.warn('mail.unreadable', { channel: 'email', place: mail.place, why: messageOf(error) });
    return null;
  }
}

/** A display name that looks like an address is not shown as one: it would be read as the sender. */
function nameOf({ address, name }: Mailbox): string {
  const shown = decodeWords(name)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 100)
    .toWellFormed();
  return shown === '' || /[@＠﹫]/.test(shown) ? address : shown;
}
