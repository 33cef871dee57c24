import type { Document, Message, MessageEntity, Update, User } from 'grammy/types';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { messageOf } from '#core/errors.ts';
import { type FileRef, type InboundEvent, inboundEventSchema } from '#core/event.ts';
import { withQuote } from '#core/inbound/quote.ts';
import type { Move } from './groups.ts';
import { describeContent, quoteOf } from './words.ts';

/** Who the bot is, from getMe. */
export interface BotIdentity {
  readonly id: number;
  readonly username: string;
}

/** An event; `album` is the same for all messages that were sent as one. */
export interface HeardEvent {
  readonly type: 'event';
  readonly event: InboundEvent;
  readonly callbackId: string | null;
  readonly album: string | null;
}

/** `ignored` is not for us (a bot, a channel, a service message); `unreadable` has a shape nobody expected. */
export type ParsedUpdate =
  | HeardEvent
  | { readonly type: 'ignored' | 'unreadable'; readonly updateId: number | null; readonly why: string };

type Draft = Omit<InboundEvent, 'platformId' | 'raw'>;
type Read =
  | { readonly draft: Draft; readonly callbackId?: string; readonly album?: string | null }
  | { readonly ignored: string };

/**
 * One update of the Bot API as an event. Never throws. The same update gives the same event, save that a button press
 * carries no time of its own and gets `now`. What comes out is checked by the event's schema, so a field of a shape
 * that Telegram does not document makes the update unreadable, not the event wrong.
 */
export function parseUpdate(update: unknown, bot: BotIdentity, now: number): ParsedUpdate {
  if (!isUpdate(update)) return { type: 'unreadable', updateId: null, why: 'it has no update_id' };
  const updateId = update.update_id;
  try {
    const read = readUpdate(update, bot, now);
    if ('ignored' in read) return { type: 'ignored', updateId, why: read.ignored };
    const named = { platformId: `update:${updateId}`, raw: JSON.stringify(update) };
    const event = inboundEventSchema.parse({ ...read.draft, ...named });
    return { type: 'event', event, callbackId: read.callbackId ?? null, album: read.album ?? null };
  } catch (error) {
    return { type: 'unreadable', updateId, why: messageOf(error).replaceAll(/\s+/g, ' ') };
  }
}

/** Only the id is checked here; everything that is read out of it is checked as an event. */
export function isUpdate(it: unknown): it is Update {
  return typeof it === 'object' && it !== null && Number.isSafeInteger(Reflect.get(it, 'update_id'));
}

const idSchema = z.number().int();
const moveSchema = z.object({
  message: z.object({
    chat: z.object({ id: idSchema }),
    migrate_to_chat_id: idSchema.optional(),
    migrate_from_chat_id: idSchema.optional(),
  }),
});

/** A group that became a supergroup says so in both. */
export function readMove(update: unknown): Move | null {
  const { message } = moveSchema.safeParse(update).data ?? {};
  if (message?.migrate_to_chat_id) return { from: message.chat.id, to: message.migrate_to_chat_id };
  return message?.migrate_from_chat_id ? { from: message.migrate_from_chat_id, to: message.chat.id } : null;
}

function readUpdate(update: Update, bot: BotIdentity, now: number): Read {
  if (update.message) return readMessage(update.message, bot, 'message');
  if (update.edited_message) return readMessage(update.edited_message, bot, 'edit');
  if (update.callback_query) return readButton(update.callback_query, now);
  if (update.message_reaction) return readReaction(update.message_reaction);
  return { ignored: 'a kind of update that was not asked for' };
}

function readMessage(message: Message, bot: BotIdentity, kind: 'message' | 'edit'): Read {
  const { from, chat } = message;
  if (from === undefined || chat.type === 'channel') return { ignored: 'a post of a channel' };
  if (kind === 'edit' && message.location) return { ignored: 'a live location that moves' };
  if (from.is_bot || message.is_automatic_forward) return { ignored: 'not said by a person' };
  const said = message.text ?? message.caption ?? describeContent(message);
  const files = filesOf(message);
  if (said === null && files.length === 0) return { ignored: 'a service message' };
  const { text, named } = addressTo(bot, said ?? '', message.entities ?? message.caption_entities ?? []);
  const direct = chat.type === 'private';
  const reply = replyOf(message);
  // Marked, a command that somebody else wrote is none.
  const words = message.forward_origin === undefined ? text : `[forwarded] ${text}`.trim();
  const group = kind === 'message' ? message.media_group_id : undefined;
  return {
    album: group === undefined ? null : `${chat.id}:${group}`,
    draft: {
      kind,
      chat: addressOf(message),
      direct,
      sender: senderOf(from),
      addressed: direct || named || reply?.from?.id === bot.id,
      text: withQuote(words, quoteOf(message, reply, bot)),
      // An edit tells of one picture of an album: no files leave those that are known.
      files: kind === 'edit' && message.media_group_id !== undefined ? [] : files,
      messageId: String(message.message_id),
      replyTo: reply === null ? null : String(reply.message_id),
      sentAt: (message.edit_date ?? message.date) * 1000,
    },
  };
}

/** In a topic every message "replies" to the service message that opened the topic: that is no reply. */
function replyOf(message: Message): NonNullable<Message['reply_to_message']> | null {
  const reply = message.reply_to_message ?? null;
  const opensTopic = message.is_topic_message && reply?.message_id === message.message_thread_id;
  return opensTopic ? null : reply;
}

/** The text is the button's value; `replyTo` the message that carries the button. */
function readButton(query: NonNullable<Update['callback_query']>, now: number): Read {
  const { id: callbackId, message, data: text, from } = query;
  if (message === undefined || text === undefined) return { ignored: 'a button that is not ours' };
  const deed = { kind: 'button', text, addressed: true, sentAt: now } as const;
  return { callbackId, draft: { ...deed, ...aboutMessage(message, from) } };
}

/** The text is the emoji that stand there now, none when it was taken back; `replyTo` the message they stand under. */
function readReaction(reaction: NonNullable<Update['message_reaction']>): Read {
  const { user, chat, date } = reaction;
  if (user === undefined || user.is_bot) return { ignored: 'a reaction without a person' };
  const text = reaction.new_reaction
    .map((entry) => (entry.type === 'emoji' ? entry.emoji : '[custom emoji]'))
    .join('');
  const deed = { kind: 'reaction', text, addressed: chat.type === 'private', sentAt: date * 1000 } as const;
  return { draft: { ...deed, ...aboutMessage(reaction, user) } };
}

type Place = Pick<Message, 'chat' | 'message_id' | 'message_thread_id' | 'is_topic_message'>;

/** What all events share that say nothing of their own but point to a message. */
function aboutMessage(place: Place, by: User): Omit<Draft, 'kind' | 'text' | 'addressed' | 'sentAt'> {
  return {
    chat: addressOf(place),
    direct: place.chat.type === 'private',
    sender: senderOf(by),
    files: [],
    messageId: null,
    replyTo: String(place.message_id),
  };
}

function addressOf(place: Place): ChatAddress {
  const thread = place.is_topic_message ? place.message_thread_id : undefined;
  return { channel: 'telegram', chat: String(place.chat.id), thread: thread?.toString() ?? null };
}

function senderOf(user: User): InboundEvent['sender'] {
  const name = [user.first_name, user.last_name].filter(Boolean).join(' ') || (user.username ?? '');
  return { id: String(user.id), name: name.slice(0, 256) };
}

/** Is the bot called by name, and the text without the name at its start. Offsets are UTF-16 units, as in JS. */
function addressTo(
  bot: BotIdentity,
  text: string,
  entities: readonly MessageEntity[],
): { readonly text: string; readonly named: boolean } {
  const handle = `@${bot.username}`.toLowerCase();
  let named = false;
  let rest = text;
  for (const entity of entities) {
    const end = entity.offset + entity.length;
    const word = text.slice(entity.offset, end).toLowerCase();
    const byId = entity.type === 'text_mention' && entity.user.id === bot.id;
    const mention = byId || (entity.type === 'mention' && word === handle);
    const command = entity.type === 'bot_command' && word.endsWith(handle);
    named ||= mention || command;
    if (entity.offset === 0 && mention) rest = text.slice(end).replace(/^[\s,:]+/, '');
    if (entity.offset === 0 && command) rest = text.slice(0, end - handle.length) + text.slice(end);
  }
  return { text: rest, named };
}

function filesOf(message: Message): FileRef[] {
  const photo = message.photo?.at(-1); // sizes come smallest first
  const video = message.video ?? message.video_note;
  return [
    photo && fileRef(photo, 'image', ['photo.jpg', 'image/jpeg']),
    message.document && fileRef(message.document, 'document', ['document', 'application/octet-stream']),
    message.voice && fileRef(message.voice, 'audio', ['voice.ogg', 'audio/ogg']),
    message.audio && fileRef(message.audio, 'audio', ['audio.mp3', 'audio/mpeg']),
    video && fileRef(video, 'video', ['video.mp4', 'video/mp4']),
  ].filter((file) => file !== undefined);
}

function fileRef(
  media: Omit<Document, 'file_unique_id'>,
  kind: FileRef['kind'],
  [name, mime]: readonly [string, string],
): FileRef {
  return {
    id: media.file_id,
    kind,
    name: (media.file_name ?? name).slice(0, 255),
    mime: (media.mime_type ?? mime).slice(0, 127),
    bytes: media.file_size ?? null,
  };
}
