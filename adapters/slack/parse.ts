import { chatCommands } from '#core/command.ts';
import { messageOf } from '#core/errors.ts';
import { type FileRef, type InboundEvent, inboundEventSchema } from '#core/event.ts';
import { jsonToKeep } from '#lib/read/json.ts';
import { emojiOf } from '#lib/text/emoji.ts';
import {
  actionSchema,
  commandSchema,
  envelopeSchema,
  eventSchema,
  messageSchema,
  type SlackCommand,
  type SlackEvent,
  type SlackFile,
  type SlackMessage,
} from './payload.ts';

/** Who the bot is. `app` is null where Slack does not tell. */
export interface Bot {
  readonly user: string;
  readonly team: string;
  readonly app: string | null;
}

/** What Slack calls the kinds of what it delivers. */
export type Kind = 'events_api' | 'interactive' | 'slash_commands';

/** `ignored` is not for us, `foreign` meant for another app or workspace, `unreadable` of a shape nobody expected. */
export type Parsed =
  | { readonly type: 'event'; readonly event: InboundEvent }
  | { readonly type: 'ignored' | 'foreign' | 'unreadable'; readonly why: string };

export interface Reader {
  readonly bot: Bot;
  /** For what carries no time of its own. */
  readonly now: number;
  readonly nameOf: (user: string) => string | null;
}

type Draft = Omit<InboundEvent, 'raw'>;
type Read = { readonly draft: Draft } | { readonly ignored: string } | { readonly foreign: string };
type Placed = SlackMessage & { readonly channel: string };
type Reaction = Extract<SlackEvent, { type: 'reaction_added' | 'reaction_removed' }>;

/**
 * One payload as an event. Never throws. The same payload gives the same event; app_mention and message, which Slack
 * sends both for one message, give the same as well.
 */
export function parsePayload(kind: Kind, payload: unknown, reader: Reader): Parsed {
  return finish(payload, () => {
    if (kind === 'slash_commands') return readCommand(commandSchema.parse(payload), reader);
    if (kind === 'interactive') return readAction(payload, reader);
    const { api_app_id: app, team_id: team, authorizations, event } = envelopeSchema.parse(payload);
    const teams = [team, ...(authorizations ?? []).map((one) => one.team_id)];
    return foreign(reader.bot, app, teams) ?? readEvent(event, reader);
  });
}

/** A message of conversations.history or .replies as the events it would have made. */
export function parseHistory(message: unknown, channel: string, reader: Reader): readonly Parsed[] {
  const raw = typeof message === 'object' ? { ...message, type: 'message', channel } : message;
  const read = (kind: 'message' | 'edit'): Parsed =>
    finish(raw, () => readMessage({ ...messageSchema.parse(message), channel }, kind, reader));
  const isEdited = Boolean(messageSchema.safeParse(message).data?.edited);
  return isEdited ? [read('message'), read('edit')] : [read('message')];
}

function finish(payload: unknown, read: () => Read): Parsed {
  try {
    const it = read();
    if ('ignored' in it) return { type: 'ignored', why: it.ignored };
    if ('foreign' in it) return { type: 'foreign', why: it.foreign };
    const event = inboundEventSchema.parse({ ...it.draft, raw: jsonToKeep(payload) });
    return { type: 'event', event };
  } catch (error) {
    return { type: 'unreadable', why: messageOf(error).replaceAll(/\s+/g, ' ') };
  }
}

function foreign(bot: Bot, app: string, teams: readonly (string | null | undefined)[]): Read | null {
  if (bot.app !== null && app !== bot.app) return { foreign: `it is for the app ${app}` };
  return teams.includes(bot.team) ? null : { foreign: `it is for the workspace ${teams.join(', ')}` };
}

const heard = new Set(['message', 'app_mention', 'reaction_added', 'reaction_removed']);

function readEvent(event: { readonly type: string }, reader: Reader): Read {
  if (!heard.has(event.type)) return { ignored: `an event of the type ${event.type}` };
  const read = eventSchema.parse(event);
  if (read.type === 'message') return readChange(read, reader);
  return read.type === 'app_mention' ? readMessage(read, 'message', reader) : readReaction(read, reader);
}

function readChange(event: Extract<SlackEvent, { type: 'message' }>, reader: Reader): Read {
  const { subtype, channel, message, previous_message: before, deleted_ts: deleted } = event;
  if (subtype === 'message_deleted' && deleted)
    return readDeletion({ ...before, ts: deleted, channel }, event.ts, reader);
  if (subtype !== 'message_changed') return readMessage(event, 'message', reader);
  if (!message) return { ignored: 'a change of nothing' };
  // A deleted message with answers in its thread leaves a tombstone.
  if (message.subtype === 'tombstone')
    return readDeletion({ ...before, ts: message.ts, channel }, event.ts, reader);
  // Links unfold, threads are counted: all of it comes as a change.
  const isSame = (message.text ?? '') === (before?.text ?? '');
  return isSame ? { ignored: 'its text is as before' } : readMessage({ ...message, channel }, 'edit', reader);
}

/** Subtypes that are somebody's new words. */
const said = new Set(['', 'file_share', 'thread_broadcast', 'me_message']);

function readMessage(message: Placed, kind: 'message' | 'edit', reader: Reader): Read {
  const { bot, nameOf } = reader;
  const { user, channel, ts, files, attachments } = message;
  if (!said.has(message.subtype ?? '')) return { ignored: `a message of the subtype ${message.subtype}` };
  if (!user || message.bot_id || user === bot.user) return { ignored: 'not said by a person' };
  const { text, named } = addressTo(bot, message.text ?? '');
  const thread = message.thread_ts ?? null;
  const isReply = thread !== null && thread !== ts;
  const place = placeOf(bot, channel, threadOf(message, bot));
  const id = `${place.chat.chat}/${ts}`;
  const changedAt = message.edited?.ts ?? ts;
  // Marked, a command that somebody else wrote is none.
  const shared = (attachments ?? []).filter((it) => it.is_share);
  const passedOn = shared.map((it) => `[forwarded] ${readable(it.text ?? it.fallback ?? '', nameOf)}`);
  const words = [readable(text, nameOf), ...passedOn].filter((part) => part !== '').join('\n');
  if (kind === 'message' && words === '' && !files?.length && !named)
    return { ignored: 'a message without words' };
  const draft = {
    ...place,
    platformId: kind === 'message' ? `message:${id}` : `edit:${id}/${changedAt}`,
    kind,
    sender: senderOf(user, message.user_team ?? message.team, reader),
    addressed: place.direct || named || (isReply && message.parent_user_id === bot.user),
    text: words,
    files: (files ?? [])
      .filter(({ mode }) => mode !== 'tombstone')
      .slice(0, 20)
      .map(fileRef),
    messageId: ts,
    replyTo: isReply ? thread : null,
    sentAt: timeOf(kind === 'message' ? ts : changedAt),
  };
  return { draft };
}

function readDeletion(message: Placed, at: string, reader: Reader): Read {
  const { bot } = reader;
  const { user, channel, ts } = message;
  if (message.bot_id || user === bot.user) return { ignored: 'a message of a bot, deleted' };
  const place = placeOf(bot, channel, threadOf(message, bot));
  const draft = {
    ...place,
    platformId: `deletion:${place.chat.chat}/${ts}`,
    kind: 'deletion' as const,
    sender: senderOf(user ?? 'unknown', message.user_team ?? message.team, reader),
    addressed: place.direct,
    text: '',
    files: [],
    messageId: ts,
    replyTo: null,
    sentAt: timeOf(at),
  };
  return { draft };
}

/** The text is the emoji, nothing when it was taken back. Slack does not say in which thread the message stands. */
function readReaction(event: Reaction, reader: Reader): Read {
  const { type, user, reaction, item, event_ts: at } = event;
  if (user === reader.bot.user) return { ignored: 'a reaction of our own' };
  if (item.type !== 'message' || !item.channel || !item.ts) return { ignored: 'a reaction to no message' };
  const place = placeOf(reader.bot, item.channel, null);
  const deed = { kind: 'reaction' as const, by: { user }, about: item.ts, at };
  const platformId = `reaction:${place.chat.chat}/${item.ts}/${user}/${reaction}/${at}`;
  const text = type === 'reaction_added' ? emojiOf(reaction) : '';
  return { draft: { ...place, ...aboutMessage(deed, reader), platformId, text, addressed: place.direct } };
}

/** A button of ours was pressed. `action_ts` tells one press from the next. */
function readAction(payload: unknown, reader: Reader): Read {
  const type = typeof payload === 'object' && payload !== null && String(Reflect.get(payload, 'type'));
  if (type !== 'block_actions') return { ignored: `an interaction of the type ${type}` };
  const { api_app_id: app, team, user, channel, message, actions } = actionSchema.parse(payload);
  const [{ value: text, action_ts: at }] = actions;
  const place = placeOf(reader.bot, channel.id, message.thread_ts ?? null);
  const by = { user: user.id, team: user.team_id };
  const deed = { kind: 'button' as const, by, about: message.ts, at };
  const platformId = `button:${place.chat.chat}/${message.ts}/${user.id}/${at}`;
  const draft = { ...place, ...aboutMessage(deed, reader), platformId, text, addressed: true };
  return foreign(reader.bot, app, [team?.id]) ?? { draft };
}

/** What events share that say nothing of their own but point to a message. */
function aboutMessage(
  deed: {
    readonly kind: 'button' | 'reaction';
    readonly by: { readonly user: string; readonly team?: string | null | undefined };
    readonly about: string;
    readonly at: string;
  },
  reader: Reader,
): Pick<Draft, 'kind' | 'sender' | 'files' | 'messageId' | 'replyTo' | 'sentAt'> {
  const sender = senderOf(deed.by.user, deed.by.team, reader);
  const none = { files: [], messageId: null };
  return { ...none, kind: deed.kind, sender, replyTo: deed.about, sentAt: timeOf(deed.at) };
}

/** `/tiro stop` is `/stop`; words that are no command are said to the bot. */
function readCommand(command: SlackCommand, reader: Reader): Read {
  const { bot, now } = reader;
  const words = command.text.trim().replace(/^\//, '') || 'help';
  const isCommand = Object.hasOwn(chatCommands, (words.split(/\s/)[0] ?? '').toLowerCase());
  const draft = {
    ...placeOf(bot, command.channel_id, null),
    platformId: `command:${bot.team}/${command.trigger_id}`,
    kind: 'message' as const,
    sender: senderOf(command.user_id, command.team_id, reader),
    addressed: true,
    text: isCommand ? `/${words}` : readable(words, reader.nameOf),
    files: [],
    messageId: null,
    replyTo: null,
    sentAt: now,
  };
  return foreign(bot, command.api_app_id, [command.team_id]) ?? { draft };
}

/** Ids of direct chats begin with D, whatever event names them. */
function placeOf(bot: Bot, channel: string, thread: string | null): Pick<Draft, 'chat' | 'direct'> {
  const chat = { channel: 'slack', chat: `${bot.team}/${channel}`, thread };
  return { chat, direct: channel.startsWith('D') };
}

/** A mention in a channel is answered in a thread of its own, which goes on from there. */
function threadOf({ thread_ts: thread, text, channel, ts }: Placed, bot: Bot): string | null {
  const opens = !channel.startsWith('D') && addressTo(bot, text ?? '').named;
  return thread ?? (opens ? ts : null);
}

function senderOf(
  user: string,
  team: string | null | undefined,
  { bot, nameOf }: Reader,
): InboundEvent['sender'] {
  return { id: `${team || bot.team}/${user}`, name: (nameOf(user) ?? user).slice(0, 256) };
}

function timeOf(ts: string): number {
  return Math.floor(Number(ts) * 1000);
}

function fileRef({ id, name, title, mimetype, size }: SlackFile): FileRef {
  const mime = (mimetype || 'application/octet-stream').slice(0, 127);
  const [family] = mime.split('/');
  const kind = family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
  return { id, kind, name: (name || title || 'file').slice(0, 255), mime, bytes: size ?? null };
}

/** Is the bot called by name, and the text without the name at its start. */
function addressTo(bot: Bot, text: string): { readonly text: string; readonly named: boolean } {
  const mention = new RegExp(`<@${bot.user}(?:\\|[^>]*)?>`);
  const atStart = new RegExp(`^\\s*${mention.source}[\\s,:]*`);
  return { text: text.replace(atStart, ''), named: mention.test(text) };
}

/** What Slack writes around references: `<@U1>`, `<#C1|general>`, `<!here>`, `<https://…|label>`. */
const reference = /<([^<>|]+)(?:\|([^<>]*))?>/g;

/** Slack's text as a person reads it. */
function readable(text: string, nameOf: Reader['nameOf']): string {
  const plain = text.replaceAll(reference, (_, target: string, label?: string) => {
    const rest = target.slice(1);
    if (target.startsWith('@')) return `@${nameOf(rest) ?? (label || rest)}`;
    if (target.startsWith('#')) return `#${label || rest}`;
    if (target.startsWith('!')) return label || `@${rest.replace(/\^.*$/, '')}`;
    const address = target.replace(/^mailto:/, '');
    return !label || label === address || address.endsWith(`//${label}`) ? address : `${label} (${address})`;
  });
  return plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
