import { messageOf } from '#core/errors.ts';
import { type InboundEvent, inboundEventSchema } from '#core/event.ts';
import { withQuote } from '#core/inbound/quote.ts';
import { cutText } from '#lib/cut.ts';
import { jsonToKeep } from '#lib/read/json.ts';
import { contentOf } from './content.ts';
import { explain } from './errors.ts';
import {
  type Message,
  type Parts,
  changeSchema,
  contactSchema,
  envelopeSchema,
  messageSchema,
  statusSchema,
} from './payload.ts';

/** What Meta said of a message of ours. `id` is the message's. */
export interface Report {
  readonly id: string;
  /** Ours. */
  readonly delivery: string;
  readonly failed: boolean;
}

/** What one POST holds. `odd` is worth a line in the log: nothing in it says what was written. */
export interface Heard {
  readonly events: readonly InboundEvent[];
  readonly reports: readonly Report[];
  readonly odd: readonly { readonly id: string; readonly why: string }[];
}

export interface Reader {
  readonly phoneNumberId: string;
  readonly now: number;
  /** The delivery of ours that a message is, where its status does not say so itself. */
  deliveryOf(messageId: string): string | null;
}

const longestName = 256;
const deliveryId = /^dlv_[0-9A-Z]{26}$/;
const digits = /^\d{5,20}$/;
/** Meta's id for somebody who hides the phone number, such as `US.13491208655302741918`. */
const scopedId = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/;

/** Walks all entries, changes, messages and statuses. Never throws: what cannot be read is odd, and holds nothing up. */
export function parseWebhook(payload: unknown, reader: Reader): Heard {
  const envelope = envelopeSchema.safeParse(payload);
  if (!envelope.success) return oddly('', 'no webhook of the WhatsApp Business Platform');
  const changes = envelope.data.entry.flatMap((entry) => entry.changes);
  return joined(changes.map((change) => readChange(change, reader)));
}

function readChange(payload: unknown, reader: Reader): Heard {
  const change = changeSchema.safeParse(payload);
  if (!change.success) return oddly('', 'a change of a shape that nobody expected');
  const { field, value } = change.data;
  if (field !== 'messages') return oddly('', `a change of ${cutText(field, 64)}`);
  const { metadata, contacts, messages, statuses, errors } = value;
  if (metadata.phone_number_id !== reader.phoneNumberId) return oddly('', 'for another phone number');
  const who = {
    ...reader,
    own: metadata.display_phone_number.replaceAll(/\D/g, ''),
    names: namesIn(contacts),
  };
  return joined([
    ...messages.map((message) => safely(message, () => readMessage(message, who))),
    ...statuses.map((status) => safely(status, () => readStatus(status, reader))),
    ...errors.map((error) => safely(error, () => oddly('', 'Meta reports an error of its own'))),
  ]);
}

interface Surroundings extends Reader {
  /** Our own number, digits only. */
  readonly own: string;
  readonly names: ReadonlyMap<string, string>;
}

function readMessage(payload: unknown, around: Surroundings): Heard {
  const message = messageSchema.parse(payload);
  const { id, type, from, group_id: group } = message;
  if (group !== undefined) return oddly(id, 'said in a group: only direct chats are heard');
  if (from !== undefined && from === around.own) return oddly(id, 'our own message');
  const sender = senderOf(message);
  if (sender === null) return oddly(id, 'it does not say who sent it');
  const chat = { channel: 'whatsapp', chat: sender, thread: null };
  const name = cutText(around.names.get(sender) ?? '', longestName);
  const deed = deedOf(message, { own: around.own, name });
  if (deed === null) return oddly(id, `a message of the type ${cutText(type, 64)}`);
  const common = { platformId: id, chat, direct: true, addressed: true, files: [], ...deed };
  const sentAt = timeOf(message.timestamp, around.now);
  const event = { ...common, sender: { id: sender, name }, sentAt, raw: jsonToKeep(payload) };
  return { events: [inboundEventSchema.parse(event)], reports: [], odd: [] };
}

type Deed = Pick<InboundEvent, 'kind' | 'text' | 'messageId' | 'replyTo'> &
  Partial<Pick<InboundEvent, 'files'>>;

/** What was done, or null where it is nothing that one could answer. */
function deedOf(message: Message, by: { readonly own: string; readonly name: string }): Deed | null {
  const { id, reaction, interactive, button, context, edit, revoke } = message;
  const replyTo = context?.id ?? null;
  switch (message.type) {
    case 'reaction':
      if (reaction === undefined) return null;
      return { kind: 'reaction', text: reaction.emoji, messageId: null, replyTo: reaction.message_id };
    case 'interactive': {
      const pressed = interactive?.button_reply ?? interactive?.list_reply;
      return pressed === undefined ? null : { kind: 'button', text: pressed.id, messageId: null, replyTo };
    }
    case 'button':
      if (button === undefined) return null;
      return { kind: 'button', text: button.payload ?? button.text, messageId: null, replyTo };
    case 'revoke':
      if (revoke === undefined) return null;
      return { kind: 'deletion', text: '', messageId: revoke.original_message_id, replyTo: null };
    case 'edit': {
      const said = edit === undefined ? null : saidIn(edit.message, by);
      if (edit === undefined || said === null) return null;
      return { kind: 'edit', messageId: edit.original_message_id, ...said };
    }
    default: {
      const said = saidIn(message, by);
      return said === null ? null : { kind: 'message', messageId: id, ...said };
    }
  }
}

/** Words and files. Meta tells which message is answered and whose it is, never its words. */
function saidIn(
  parts: Parts,
  { own, name }: { readonly own: string; readonly name: string },
): Pick<InboundEvent, 'text' | 'files' | 'replyTo'> | null {
  const content = contentOf(parts);
  if (content === null) return null;
  const { context } = parts;
  const isForwarded = context?.forwarded === true || context?.frequently_forwarded === true;
  const words = `${isForwarded ? '[forwarded] ' : ''}${content.text}`;
  const replyTo = context?.id ?? null;
  const by = context?.from?.replaceAll(/\D/g, '') === own ? 'you' : name;
  const text = replyTo === null ? words : withQuote(words, { by, words: '' });
  return { text, files: [...content.files], replyTo };
}

/** A status of a message of ours. Those of other programs at the same number are none of our business. */
function readStatus(payload: unknown, reader: Reader): Heard {
  const { id, status, biz_opaque_callback_data: ours, errors, ...rest } = statusSchema.parse(payload);
  const delivery = ours ?? reader.deliveryOf(id);
  if (delivery === null || !deliveryId.test(delivery)) return joined([]);
  const failed = status === 'failed';
  const reports = [{ id, delivery, failed }];
  if (!failed) return { events: [], reports, odd: [] };
  const [error] = errors;
  const text = error === undefined ? 'WhatsApp does not say why' : explain(error.code, detailsOf(error));
  const chat = rest.recipient_id ?? rest.recipient_user_id ?? 'unknown';
  const event: InboundEvent = {
    platformId: `failed:${delivery}:${id}`,
    kind: 'undelivered',
    chat: { channel: 'whatsapp', chat, thread: null },
    direct: true,
    sender: { id: chat, name: '' },
    addressed: false,
    text,
    files: [],
    messageId: delivery,
    replyTo: null,
    sentAt: timeOf(rest.timestamp, reader.now),
    raw: jsonToKeep(payload),
  };
  return { events: [inboundEventSchema.parse(event)], reports, odd: [] };
}

function detailsOf(error: {
  readonly title: string;
  readonly error_data?: { details: string } | undefined;
}): string {
  return cutText(error.error_data?.details || error.title, 200).toWellFormed();
}

/** The number says who it is; without one the id that Meta made for this business. A name is never an identity. */
function senderOf({ from, from_user_id: scoped }: Message): string | null {
  if (from !== undefined && digits.test(from)) return from;
  return from === undefined && scoped !== undefined && scopedId.test(scoped) ? scoped : null;
}

function namesIn(contacts: readonly unknown[]): ReadonlyMap<string, string> {
  const known = contacts.flatMap((contact) => contactSchema.safeParse(contact).data ?? []);
  return new Map(
    known.flatMap(({ wa_id: number, user_id: scoped, profile }) =>
      [number, scoped].flatMap((id): [string, string][] => (id === undefined ? [] : [[id, profile.name]])),
    ),
  );
}

function timeOf(seconds: string, now: number): number {
  return /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1_000 : now;
}

function safely(payload: unknown, run: () => Heard): Heard {
  try {
    return run();
  } catch (error) {
    const id = typeof payload === 'object' && payload !== null ? Reflect.get(payload, 'id') : null;
    return oddly(typeof id === 'string' ? id : '', `it cannot be read: ${messageOf(error)}`);
  }
}

function oddly(id: string, why: string): Heard {
  return { events: [], reports: [], odd: [{ id: cutText(id, 200).toWellFormed(), why: cutText(why, 300) }] };
}

function joined(all: readonly Heard[]): Heard {
  return {
    events: all.flatMap(({ events }) => events),
    reports: all.flatMap(({ reports }) => reports),
    odd: all.flatMap(({ odd }) => odd),
  };
}
