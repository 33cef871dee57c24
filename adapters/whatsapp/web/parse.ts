import type { proto } from 'baileys';
import type { InboundEvent } from '#core/event.ts';
import { withQuote } from '#core/inbound/quote.ts';
import { type People, parseJid } from './address.ts';
import { contentOf, unwrapped } from './content.ts';

type Attrs = Readonly<Record<string, string>>;

/** An encrypted message as the server brought it, and what was in it. */
export interface Opened {
  readonly attrs: Attrs;
  readonly message: proto.IMessage;
}

export interface Reader {
  readonly people: People;
  readonly now: number;
  /** Values of the library, which is loaded late. */
  readonly edit: proto.Message.ProtocolMessage.Type;
  readonly revoke: proto.Message.ProtocolMessage.Type;
}

interface Place {
  readonly chat: string;
  readonly direct: boolean;
  readonly sender: string;
}

/**
 * Contract: never throws; the same message gives the same event for ever. Null: nothing that anybody said to us, such as
 * our own words, a status, a channel, a call or what the phones tell each other.
 *
 * A message id is chosen by its sender, so ids are `SENDER/ID`: nobody can change or answer for somebody else's message.
 */
export async function parseMessage(opened: Opened, reader: Reader): Promise<InboundEvent | null> {
  const { attrs, message } = opened;
  const { id = '', category } = attrs;
  if (category === 'peer' || !/^[\x21-\x7E]{1,128}$/.test(id)) return null;
  const place = await placeOf(opened, reader.people);
  if (place === null) return null;
  const { chat, direct, sender } = place;
  const name = (attrs['notify'] ?? '').toWellFormed().trim().slice(0, 256);
  const base = {
    platformId: `${sender}/${id}`,
    chat: { channel: 'whatsapp', chat, thread: null },
    direct,
    sender: { id: sender, name: name === '' ? sender : name },
    sentAt: timeOf(attrs['t'], reader.now),
    raw: rawOf(opened),
  };
  const inner = unwrapped(message);
  const about = changeOf(inner, place, reader);
  if (about !== null) return { ...base, ...nothing, ...about };
  if (inner.protocolMessage) return null;
  const { reactionMessage: reaction } = inner;
  if (reaction) return await reactionOf(reaction, base, reader.people);
  const said = await saidIn(inner, direct, reader.people);
  if (said === null) return null;
  return { ...base, kind: 'message', messageId: base.platformId, ...said };
}

const nothing = { addressed: false, text: '', files: [], messageId: null, replyTo: null };

/** Where it was said and by whom; null where nobody is to be heard. */
async function placeOf({ attrs, message }: Opened, people: People): Promise<Place | null> {
  const { from, participant, recipient } = attrs;
  const chat = parseJid(from);
  if (chat?.kind === 'group') {
    if (people.isMe(participant)) return null;
    const sender = await people.idOf(participant, attrs['participant_pn']);
    return sender === null ? null : { chat: `group-${chat.user}`, direct: false, sender };
  }
  if (chat?.kind !== 'phone' && chat?.kind !== 'lid') return null;
  if (people.isMe(from)) {
    // The chat with oneself, from the phone itself: what other programs of the account write there is none of ours, or two
    // gateways would talk to each other for ever.
    const to = recipient ?? message.deviceSentMessage?.destinationJid;
    const isNote = chat.device === 0 && people.isMe(to) && people.me !== null;
    return isNote && people.me !== null ? { chat: people.me, direct: true, sender: people.me } : null;
  }
  const sender = await people.idOf(from, attrs['sender_pn']);
  return sender === null ? null : { chat: sender, direct: true, sender };
}

type Change = Pick<InboundEvent, 'kind' | 'messageId'> & Partial<InboundEvent>;

/** Edits and deletions. Whose message it is, is whoever changes it: another's id is an id of nothing. */
function changeOf({ protocolMessage: it }: proto.IMessage, place: Place, reader: Reader): Change | null {
  const target = it?.key?.id;
  if (!it || !target) return null;
  const messageId = `${place.sender}/${target}`;
  if (it.type === reader.revoke) return { kind: 'deletion', messageId };
  if (it.type !== reader.edit || !it.editedMessage) return null;
  const said = contentOf(it.editedMessage);
  if (said === null) return null;
  const { text, named } = addressedIn(said.text, said.context, reader.people);
  return { kind: 'edit', messageId, text, addressed: place.direct || named };
}

type Base = Pick<InboundEvent, 'platformId' | 'chat' | 'direct' | 'sender' | 'sentAt' | 'raw'>;

async function reactionOf(
  { key, text }: proto.Message.IReactionMessage,
  base: Base,
  people: People,
): Promise<InboundEvent | null> {
  // An empty one takes the reaction back.
  if (!key?.id || !text) return null;
  // The key is written from the sender's side: in a direct chat, what is not theirs is ours.
  const isOurs = base.direct ? key.fromMe !== true : people.isMe(key.participant);
  const author = key.fromMe === true ? base.sender.id : await people.idOf(key.participant ?? undefined);
  const replyTo = isOurs ? key.id : `${author ?? base.sender.id}/${key.id}`;
  const addressed = base.direct || isOurs;
  return {
    ...base,
    ...nothing,
    kind: 'reaction',
    text: text.toWellFormed().slice(0, 64),
    replyTo,
    addressed,
  };
}

type Said = Pick<InboundEvent, 'text' | 'files' | 'addressed' | 'replyTo'>;

async function saidIn(message: proto.IMessage, direct: boolean, people: People): Promise<Said | null> {
  const content = contentOf(message);
  if (content === null) return null;
  const { context } = content;
  const { text: words, named } = addressedIn(content.text, context, people);
  const marked = context?.isForwarded ? `[forwarded] ${words}` : words;
  const answers = context?.stanzaId ? context : null;
  if (answers === null)
    return { text: marked, files: [...content.files], addressed: direct || named, replyTo: null };
  const isOurs = people.isMe(answers.participant);
  const author = isOurs ? null : await people.idOf(answers.participant ?? undefined);
  const quoted = answers.quotedMessage ? contentOf(answers.quotedMessage) : null;
  const by = isOurs ? 'you' : (author ?? 'somebody');
  return {
    text: withQuote(marked, { by, words: quoted?.text ?? '' }),
    files: [...content.files],
    addressed: direct || named || isOurs,
    replyTo: isOurs ? (answers.stanzaId ?? null) : `${author ?? '?'}/${answers.stanzaId ?? ''}`,
  };
}

/** Is the gateway called by name, and the text without the name at its start. */
function addressedIn(
  text: string,
  context: proto.IContextInfo | null,
  people: People,
): { readonly text: string; readonly named: boolean } {
  const named = (context?.mentionedJid ?? []).some((jid) => people.isMe(jid));
  if (!named) return { text, named };
  const start = new RegExp(`^\\s*@(?:${people.ownNumbers.join('|')})[\\s,:]*`);
  return { text: text.replace(start, ''), named };
}

function timeOf(seconds: string | undefined, now: number): number {
  return /^\d{1,11}$/.test(seconds ?? '') ? Number(seconds) * 1000 : now;
}

/** What opens files and sessions is not kept there: it stands in the file's reference, where it is needed. */
const keys = new Set([
  'mediaKey',
  'messageSecret',
  'jpegThumbnail',
  'senderKeyDistributionMessage',
  'deviceListMetadata',
]);

function rawOf({ attrs, message }: Opened): string {
  return JSON.stringify({ attrs, message }, (name, value: unknown) => {
    if (keys.has(name)) return undefined;
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  });
}
