import { z } from 'zod';
import type { FileRef, InboundEvent } from '#core/event.ts';
import { onOneLine, withQuote } from '#core/inbound/quote.ts';
import { cutText } from '#lib/cut.ts';
import { snowflakeSchema } from './snowflake.ts';

export const userSchema = z.object({
  id: z.string(),
  username: z.string(),
  global_name: z.string().nullish(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
});
const attachmentSchema = z.object({
  id: z.string(),
  filename: z.string(),
  content_type: z.string().nullish(),
  size: z.number(),
});
const contentSchema = z.object({
  content: z.string().default(''),
  attachments: z.array(attachmentSchema).default([]),
  sticker_items: z.array(z.object({ name: z.string() })).default([]),
  embeds: z.array(z.object({ title: z.string().nullish(), description: z.string().nullish() })).default([]),
});
const pollTextSchema = z.object({ text: z.string().nullish() });
export const messageSchema = contentSchema.extend({
  id: snowflakeSchema,
  channel_id: z.string(),
  author: userSchema,
  timestamp: z.string(),
  edited_timestamp: z.string().nullish(),
  type: z.number().default(0),
  webhook_id: z.string().nullish(),
  mentions: z.array(userSchema).default([]),
  poll: z
    .object({ question: pollTextSchema, answers: z.array(z.object({ poll_media: pollTextSchema })) })
    .nullish(),
  message_reference: z.object({ type: z.number().default(0), message_id: z.string().nullish() }).nullish(),
  referenced_message: contentSchema.extend({ author: userSchema }).nullish(),
  message_snapshots: z.array(z.object({ message: contentSchema })).default([]),
});
export type Message = z.infer<typeof messageSchema>;

/** `message_reference.type` of somebody else's message that is passed on; a reply has 0. */
export const forwards = 1;
const longestPiece = 200;

/** All that a message says, in words: so that nothing a person sends is dropped in silence. */
export function saidIn(message: Message, bot: string): string {
  const [forwarded] = message.message_snapshots;
  if (forwarded !== undefined) return `[forwarded] ${wordsOf(forwarded.message)}`.trim();
  const { poll, referenced_message: answered } = message;
  const text = named(withoutName(wordsOf(message), bot), message.mentions);
  const asked = poll ? [poll.question, ...poll.answers.map((answer) => answer.poll_media)] : [];
  const choices = asked.map((entry) => onOneLine(entry.text ?? '…', longestPiece)).join(' / ');
  const whole = [text, choices && `[poll: ${choices}]`].filter((part) => part !== '').join('\n');
  if (!answered) return whole;
  const by = answered.author.id === bot ? 'you' : nameOf(answered.author);
  return withQuote(whole, { by, words: wordsOf(answered) });
}

function wordsOf({ content, sticker_items: stickers, embeds }: z.infer<typeof contentSchema>): string {
  const shown = stickers.map(({ name }) => `[sticker: ${onOneLine(name, longestPiece)}]`);
  // Beside words an embed is the preview of a link in them.
  const cards = content === '' ? embeds.map((card) => card.title ?? card.description ?? 'a card') : [];
  const told = cards.map((card) => `[${onOneLine(card, longestPiece)}]`);
  return [content, ...shown, ...told].filter((part) => part !== '').join('\n');
}

function withoutName(text: string, bot: string): string {
  return text.replace(new RegExp(`^\\s*<@!?${bot}>[\\s,:]*`), '');
}

function named(text: string, users: readonly z.infer<typeof userSchema>[]): string {
  return text.replaceAll(/<@!?(\d+)>/g, (mention, id: string) => {
    const user = users.find((user) => user.id === id);
    return user === undefined ? mention : `@${nameOf(user)}`;
  });
}

export function senderOf(user: z.infer<typeof userSchema>): InboundEvent['sender'] {
  return { id: user.id, name: cutText(nameOf(user), 256) };
}

function nameOf(user: z.infer<typeof userSchema>): string {
  return user.global_name ?? user.username;
}

/** The id names channel, message and attachment: links expire, these do not. */
export function filesOf({
  id,
  channel_id: channel,
  attachments,
  message_snapshots: forwarded,
}: Message): FileRef[] {
  const all = [...attachments, ...forwarded.flatMap(({ message }) => message.attachments)];
  return all.slice(0, 20).map((file) => {
    const mime = cutText((file.content_type ?? 'application/octet-stream').split(';')[0] ?? '', 127);
    const kind = /^(image|audio|video)\//.exec(mime)?.[1];
    return {
      id: `${channel}/${id}/${file.id}`,
      kind: kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document',
      name: cutText(file.filename, 255),
      mime,
      bytes: file.size,
    };
  });
}
