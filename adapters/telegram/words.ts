import type { Message, MessageOrigin } from 'grammy/types';
import { type Quote, onOneLine } from '#core/inbound/quote.ts';
import { textsIn } from '#lib/read/texts-in.ts';
import type { BotIdentity } from './parse.ts';

/** Blocks of rich messages nest in many ways; what stands under these names was written to be read. */
const readable = new Set(['text', 'blocks', 'items', 'cells', 'rows', 'caption']);
const longestPart = 200;
const longestWhole = 1_000;

/**
 * What a message without text of its own says, in brackets, so that nothing a person sends is dropped in silence. Null: a
 * service message, or a file.
 */
export function describeContent(message: Message): string | null {
  const what = contentOf(message);
  return what === null ? null : `[${onOneLine(what, longestWhole)}]`;
}

function contentOf(message: Message): string | null {
  const { sticker, venue, location, contact, poll, dice, checklist } = message;
  if (sticker) {
    const set = sticker.set_name === undefined ? '' : ` of the set ${part(sticker.set_name)}`;
    return `sticker ${sticker.emoji ?? ''}${set}`;
  }
  // A venue comes with its location.
  if (venue) return `place: ${part(venue.title)}, ${part(venue.address)} (${spotOf(venue.location)})`;
  if (location) return `${location.live_period === undefined ? '' : 'live '}location: ${spotOf(location)}`;
  if (contact)
    return `contact: ${part(`${contact.first_name} ${contact.last_name ?? ''}`)}, ${contact.phone_number}`;
  if (poll) {
    const options = poll.options.map(({ text }) => part(text)).join('; ');
    return `${poll.type === 'quiz' ? 'quiz' : 'poll'}: ${part(poll.question)} Options: ${options}`;
  }
  if (dice) return `${dice.emoji} showed ${dice.value}`;
  if (checklist) {
    const tasks = checklist.tasks.map((task) => `${task.completion_date ? '☑' : '☐'} ${part(task.text)}`);
    return `checklist: ${part(checklist.title)} ${tasks.join(' ')}`;
  }
  if (message.game) return `game: ${part(message.game.title)}`;
  if (message.rich_message) return textsIn(message.rich_message, readable);
  return message.story || message.paid_media ? 'something that bots cannot see' : null;
}

function spotOf({ latitude, longitude }: NonNullable<Message['location']>): string {
  return `${latitude}, ${longitude}`;
}

const kinds = ['photo', 'voice', 'audio', 'video_note', 'video', 'animation', 'document'] as const;

/** What a message answers: the part its sender chose, or its words; of a file only the kind. */
export function quoteOf(
  { external_reply: outer, quote }: Message,
  reply: Message['reply_to_message'] | null,
  bot: BotIdentity,
): Quote | null {
  const source = reply ?? outer;
  if (!source) return quote === undefined ? null : { by: '', words: quote.text };
  const by = reply ? authorOf(reply, bot) : outer && originOf(outer.origin);
  const said = reply && (reply.text ?? reply.caption ?? describeContent(reply));
  const kind = kinds.find((kind) => source[kind] !== undefined)?.replace('_', ' ') ?? '';
  return { by: by ?? '', words: quote?.text ?? said ?? kind };
}

function authorOf({ from, sender_chat: chat }: Message, bot: BotIdentity): string {
  return from?.id === bot.id ? 'you' : (chat?.title ?? [from?.first_name, from?.last_name].join(' '));
}

function originOf(origin: MessageOrigin): string | undefined {
  if (origin.type === 'user') return origin.sender_user.first_name;
  if (origin.type === 'hidden_user') return origin.sender_user_name;
  return origin.type === 'chat' ? origin.sender_chat.title : origin.chat.title;
}

function part(text: string): string {
  return onOneLine(text, longestPart);
}
