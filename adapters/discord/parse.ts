import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { messageOf } from '#core/errors.ts';
import { type InboundEvent, inboundEventSchema } from '#core/event.ts';
import { jsonToKeep } from '#lib/read/json.ts';
import { filesOf, forwards, type Message, messageSchema, saidIn, senderOf, userSchema } from './said.ts';
import { timeOf } from './snowflake.ts';

/** What the gateway hands over, or a message that was read back, in the same shape. */
export interface Dispatch {
  readonly t: string;
  readonly d: unknown;
}

/** Where a channel id leads: a thread stands under its channel. */
export interface Place {
  readonly address: ChatAddress;
  readonly direct: boolean;
}

export interface Context {
  /** The bot's user id. */
  readonly bot: string;
  readonly place: Place;
  readonly now: number;
}

/** `ignored` is not for us (a bot, a service message); `unreadable` has a shape nobody expected. */
export type Parsed =
  | { readonly type: 'events'; readonly events: readonly InboundEvent[] }
  | { readonly type: 'ignored' | 'unreadable'; readonly why: string };

type Draft = Omit<InboundEvent, 'raw'>;
type Read = readonly Draft[] | { readonly ignored: string };

const deletionSchema = z.object({ id: z.string().optional(), ids: z.array(z.string()).default([]) });
const reactionSchema = z.object({
  user_id: z.string(),
  message_id: z.string(),
  emoji: z.object({ id: z.string().nullish(), name: z.string().nullish() }),
  member: z.object({ user: userSchema }).optional(),
});
export const interactionSchema = z.object({
  id: z.string().regex(/^\d{1,20}$/),
  /** 2: a slash command; 3: a button. */
  type: z.number(),
  token: z.string(),
  application_id: z.string(),
  member: z.object({ user: userSchema }).optional(),
  user: userSchema.optional(),
  data: z
    .object({
      name: z.string().optional(),
      custom_id: z.string().optional(),
      options: z
        .array(z.object({ value: z.union([z.string(), z.number(), z.boolean()]).optional() }))
        .default([]),
    })
    .optional(),
  message: z.object({ id: z.string() }).optional(),
});

/** The dispatches that become events. */
export const eventTypes: ReadonlySet<string> = new Set([
  'MESSAGE_CREATE',
  'MESSAGE_UPDATE',
  'MESSAGE_DELETE',
  'MESSAGE_DELETE_BULK',
  'MESSAGE_REACTION_ADD',
  'MESSAGE_REACTION_REMOVE',
  'INTERACTION_CREATE',
]);
/** Of what people write: a plain message and a reply. All else of Discord's types are its own notices. */
const written = new Set([0, 19]);

const where = z.object({ channel_id: z.string(), guild_id: z.string().optional() });

export interface ChannelId {
  readonly id: string;
  /** Null: none, so it is a direct channel. */
  readonly guild: string | null;
}

/** The channel that a dispatch is about, or null where it is about none. */
export function channelOf({ d }: Dispatch): ChannelId | null {
  const read = where.safeParse(d);
  return read.success ? { id: read.data.channel_id, guild: read.data.guild_id ?? null } : null;
}

/**
 * One dispatch as events. Never throws. The same one gives the same events, save that a reaction and a deletion carry no
 * time of their own and get `now`. What comes out is checked by the event's schema.
 */
export function parseDispatch(dispatch: Dispatch, context: Context): Parsed {
  try {
    const read = readDispatch(dispatch, context);
    if ('ignored' in read) return { type: 'ignored', why: read.ignored };
    const raw = jsonToKeep({ t: dispatch.t, d: dispatch.d });
    return { type: 'events', events: read.map((draft) => inboundEventSchema.parse({ ...draft, raw })) };
  } catch (error) {
    return { type: 'unreadable', why: messageOf(error).replaceAll(/\s+/g, ' ') };
  }
}

function readDispatch({ t, d }: Dispatch, context: Context): Read {
  switch (t) {
    case 'MESSAGE_CREATE':
      return readMessage(messageSchema.parse(d), context, 'message');
    case 'MESSAGE_UPDATE':
      return readEdit(d, context);
    case 'MESSAGE_DELETE':
    case 'MESSAGE_DELETE_BULK':
      return readDeletion(deletionSchema.parse(d), context);
    case 'MESSAGE_REACTION_ADD':
    case 'MESSAGE_REACTION_REMOVE':
      return readReaction(reactionSchema.parse(d), context, t === 'MESSAGE_REACTION_ADD');
    case 'INTERACTION_CREATE':
      return readInteraction(interactionSchema.parse(d), context);
    default:
      return { ignored: 'a kind of dispatch that is not ours' };
  }
}

/** Previews of links come as updates too; only a person's change has a time of edit. */
function readEdit(d: unknown, context: Context): Read {
  const edited = z.object({ edited_timestamp: z.string() }).safeParse(d);
  if (!edited.success) return { ignored: 'an update without an edit' };
  return readMessage(messageSchema.parse(d), context, 'edit');
}

function readMessage(message: Message, { bot, place }: Context, kind: 'message' | 'edit'): Read {
  const { id, author, message_reference: reference, edited_timestamp: edited } = message;
  if (author.bot || author.system || message.webhook_id) return { ignored: 'not said by a person' };
  if (!written.has(message.type)) return { ignored: 'a notice of Discord' };
  const said = saidIn(message, bot);
  const files = filesOf(message);
  if (said === '' && files.length === 0) return { ignored: 'a message without content' };
  const isReply = message.type === 19 && reference?.type !== forwards;
  const answersUs = isReply && message.referenced_message?.author.id === bot;
  const mentioned = message.mentions.some((user) => user.id === bot);
  const at = kind === 'edit' ? (edited ?? message.timestamp) : message.timestamp;
  const sentAt = Date.parse(at);
  return [
    {
      platformId: kind === 'edit' ? `edit:${id}:${sentAt}` : `message:${id}`,
      kind,
      chat: place.address,
      direct: place.direct,
      sender: senderOf(author),
      addressed: place.direct || mentioned || answersUs,
      text: said,
      files,
      messageId: id,
      replyTo: isReply ? (reference?.message_id ?? null) : null,
      sentAt,
    },
  ];
}

/** Who deleted it is not said. */
function readDeletion({ id, ids }: z.infer<typeof deletionSchema>, { place, now }: Context): Read {
  const gone = id === undefined ? ids : [id];
  return gone.map((messageId) => ({
    ...aboutPlace(place, { id: 'unknown', name: '' }),
    platformId: `deletion:${messageId}`,
    kind: 'deletion',
    addressed: place.direct,
    text: '',
    messageId,
    replyTo: null,
    sentAt: now,
  }));
}

/** The text is the emoji, none when it was taken back; `replyTo` the message it stands under. */
function readReaction(
  reaction: z.infer<typeof reactionSchema>,
  { bot, place, now }: Context,
  isThere: boolean,
): Read {
  const { user_id: user, message_id: replyTo, emoji, member } = reaction;
  if (user === bot || member?.user.bot) return { ignored: 'a reaction without a person' };
  const name = emoji.id ? `:${emoji.name ?? ''}:` : (emoji.name ?? '');
  return [
    {
      ...aboutPlace(place, member ? senderOf(member.user) : { id: user, name: '' }),
      platformId: `reaction:${replyTo}:${user}:${emoji.id ?? emoji.name ?? ''}${isThere ? '' : ':gone'}`,
      kind: 'reaction',
      addressed: place.direct,
      text: isThere ? name : '',
      messageId: null,
      replyTo,
      sentAt: now,
    },
  ];
}

/** A slash command is a message that reads `/name words`; a button's text is its value, `replyTo` its message. */
function readInteraction(interaction: z.infer<typeof interactionSchema>, { place }: Context): Read {
  const { id, type, data, message } = interaction;
  const user = interaction.member?.user ?? interaction.user;
  if (user === undefined || data === undefined) return { ignored: 'an interaction without a person' };
  const isCommand = type === 2 && data.name !== undefined;
  const words = data.options.map(({ value }) => String(value ?? ''));
  const text = isCommand ? [`/${data.name}`, ...words].join(' ').trim() : data.custom_id;
  if (text === undefined || (type !== 2 && type !== 3)) return { ignored: 'an interaction that is not ours' };
  return [
    {
      ...aboutPlace(place, senderOf(user)),
      platformId: `interaction:${id}`,
      kind: isCommand ? 'message' : 'button',
      addressed: true,
      text,
      messageId: null,
      replyTo: isCommand ? null : (message?.id ?? null),
      sentAt: timeOf(id),
    },
  ];
}

function aboutPlace(
  { address, direct }: Place,
  sender: InboundEvent['sender'],
): Pick<Draft, 'chat' | 'direct' | 'sender' | 'files'> {
  return { chat: address, direct, sender, files: [] };
}
