import type { Update } from './updates.ts';
import type { Chats } from './chats.ts';

export interface User {
  readonly id: number;
  readonly is_bot?: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
}

export interface Chat {
  readonly id: number;
  readonly type: 'private' | 'group' | 'supergroup' | 'channel';
  readonly title?: string;
}

export interface SayOptions {
  /** Default: Ann, id 7. */
  readonly from?: User;
  /** Default: the private chat with `from`. */
  readonly chat?: Chat;
  /** A forum topic. */
  readonly thread?: number;
  /** A message of the bot or anybody else's. */
  readonly replyTo?: { readonly messageId: number; readonly from: User };
  /** Seconds since 1970; default: now. */
  readonly date?: number;
}

export interface SentFile {
  readonly bytes: Uint8Array;
  readonly name?: string;
  readonly mime?: string;
  readonly caption?: string;
}

/** What people do on the platform. Each becomes one update. */
export interface People {
  userText(text: string, options?: SayOptions): Update;
  editText(messageId: number, text: string, options?: SayOptions): Update;
  pressButton(data: string, options?: SayOptions & { readonly messageId?: number }): Update;
  react(messageId: number, emoji: string, options?: SayOptions): Update;
  userPhoto(file: SentFile, options?: SayOptions): Update;
  userDocument(file: SentFile, options?: SayOptions): Update;
  userVoice(file: SentFile, options?: SayOptions): Update;
  /** Pictures that are sent as one: an update for each. */
  userAlbum(files: readonly SentFile[], options?: SayOptions): readonly Update[];
}

export const ann: User = { id: 7, is_bot: false, first_name: 'Ann' };

export function createPeople(deps: {
  readonly chats: Chats;
  readonly push: (body: Readonly<Record<string, unknown>>) => Update;
  readonly keepFile: (file: SentFile) => string;
  readonly nowSeconds: () => number;
}): People {
  const { chats, push, keepFile, nowSeconds } = deps;
  let lastQuery = 0;
  let lastAlbum = 0;

  return {
    userText: (text, options = {}) =>
      push({ message: { ...envelope(options), text, entities: entitiesOf(text) } }),
    editText: (messageId, text, options = {}) =>
      push({
        edited_message: {
          ...envelope(options),
          message_id: messageId,
          edit_date: nowSeconds(),
          text,
          entities: entitiesOf(text),
        },
      }),
    pressButton: (data, options = {}) => {
      lastQuery += 1;
      const { from, ...place } = envelope(options);
      const message = { ...place, message_id: options.messageId ?? 1, text: 'pressed here' };
      return push({ callback_query: { id: `query-${lastQuery}`, from, chat_instance: '1', data, message } });
    },
    react: (messageId, emoji, options = {}) => {
      const { from, chat, date } = envelope(options);
      const new_reaction = emoji === '' ? [] : [{ type: 'emoji', emoji }];
      return push({
        message_reaction: { chat, user: from, message_id: messageId, date, old_reaction: [], new_reaction },
      });
    },
    userPhoto: (file, options = {}) => push({ message: photoOf(file, options) }),
    userAlbum: (files, options = {}) => {
      lastAlbum += 1;
      const group = `135000000${lastAlbum}`;
      const messages = files.map((file) => ({ ...photoOf(file, options), media_group_id: group }));
      return messages.map((message) => push({ message }));
    },
    userVoice: (file, options = {}) =>
      push({
        message: { ...envelope(options), voice: { ...fileOf(file), duration: 3, mime_type: 'audio/ogg' } },
      }),
    userDocument: (file, options = {}) => {
      const document = { ...fileOf(file), file_name: file.name ?? 'file.bin', mime_type: file.mime };
      return push({ message: { ...envelope(options), ...captionOf(file), document } });
    },
  };

  function photoOf(file: SentFile, options: SayOptions): Record<string, unknown> {
    const large = { ...fileOf(file), width: 800, height: 600 };
    const small = { file_id: 'thumbnail', file_unique_id: 't', width: 90, height: 67, file_size: 1 };
    return { ...envelope(options), ...captionOf(file), photo: [small, large] };
  }

  function envelope(options: SayOptions): { from: User; chat: Chat; date: number } & Record<string, unknown> {
    const from = { is_bot: false, ...(options.from ?? ann) };
    const chat = options.chat ?? { id: from.id, type: 'private', first_name: from.first_name };
    const thread =
      options.thread === undefined ? {} : { message_thread_id: options.thread, is_topic_message: true };
    const reply = options.replyTo && {
      message_id: options.replyTo.messageId,
      from: options.replyTo.from,
      chat,
      date: 1,
    };
    return {
      message_id: chats.nextMessageId(),
      date: options.date ?? nowSeconds(),
      from,
      chat,
      ...thread,
      ...(reply === undefined ? {} : { reply_to_message: reply }),
    };
  }

  function fileOf(file: SentFile): { file_id: string; file_unique_id: string; file_size: number } {
    const id = keepFile(file);
    return { file_id: id, file_unique_id: id, file_size: file.bytes.byteLength };
  }
}

function captionOf(file: SentFile): Record<string, unknown> {
  if (file.caption === undefined) return {};
  return { caption: file.caption, caption_entities: entitiesOf(file.caption) };
}

/** Commands and mentions, as Telegram marks them. */
function entitiesOf(text: string): readonly { type: string; offset: number; length: number }[] {
  return [...text.matchAll(/(?<=^|\s)(?:(\/\w+(?:@\w+)?)|(@\w{3,}))/g)].map((match) => ({
    type: match[1] === undefined ? 'mention' : 'bot_command',
    offset: match.index,
    length: match[0].length,
  }));
}
