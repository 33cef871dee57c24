import { type Chats, Refusal, type ShownMessage } from './chats.ts';
import type { UpdateQueue } from './updates.ts';
import { type Params, textOf } from './wire.ts';

export type Methods = Readonly<Record<string, (params: Params) => unknown>>;

export const bot = { id: 42, is_bot: true, first_name: 'Tiro', username: 'thebot' };

/** What the bot shows in chats. */
export function messageMethods(chats: Chats): Methods {
  const messageOf = (shown: ShownMessage): unknown => ({
    message_id: shown.id,
    date: Math.floor(shown.at / 1000),
    chat: { id: Number(shown.chat), type: Number(shown.chat) > 0 ? 'private' : 'supergroup' },
    from: bot,
    text: shown.text,
  });
  return {
    sendMessage: (params) => messageOf(chats.send('text', params, Date.now())),
    sendRichMessage: (params) => messageOf(chats.send('rich', params, Date.now())),
    sendMessageDraft: (params) => (chats.draft(params), true),
    sendPhoto: (params) => messageOf(chats.send('photo', params, Date.now())),
    sendDocument: (params) => messageOf(chats.send('document', params, Date.now())),
    editMessageText: (params) => messageOf(chats.editText(params)),
    deleteMessage: (params) => (chats.remove(params), true),
    setMessageReaction: (params) => (chats.react(params), true),
    sendChatAction: () => true,
    answerCallbackQuery: () => true,
  };
}

/** What is asked and set about the bot itself. */
export function botMethods(
  queue: UpdateQueue,
  about: {
    readonly readsAllGroupMessages: boolean;
    readonly commands: Map<string, readonly Params[]>;
    readonly members: ReadonlyMap<string, Params>;
  },
): Methods {
  return {
    getMe: () => ({
      ...bot,
      can_join_groups: true,
      can_read_all_group_messages: about.readsAllGroupMessages,
    }),
    getChatMember: ({ chat_id: chat, user_id: id }) => {
      const member = about.members.get(String(chat)) ?? { status: 'member' };
      return { ...member, user: { ...bot, id } };
    },
    setMyCommands: (params) => {
      const scope: unknown = params['scope'];
      const type = typeof scope === 'object' && scope !== null ? Reflect.get(scope, 'type') : 'default';
      about.commands.set(String(type), commandsIn(params));
      return true;
    },
    setWebhook: (params) => {
      const url = textOf(params, 'url');
      const secret = textOf(params, 'secret_token');
      queue.setWebhook(url === '' ? null : { url, secret }, allowedOf(params));
      return true;
    },
    deleteWebhook: () => (queue.setWebhook(null, null), true),
    getWebhookInfo: () => ({
      url: queue.webhook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: queue.pending.length,
      ...(queue.lastError === null ? {} : { last_error_message: queue.lastError }),
    }),
  };
}

function commandsIn(params: Params): readonly Params[] {
  const commands: unknown = params['commands'];
  if (!Array.isArray(commands)) throw new Refusal(400, 'Bad Request: commands must be non-empty');
  const wrong = commands.find((entry: Params) => !/^[a-z0-9_]{1,32}$/.test(textOf(entry, 'command')));
  if (wrong !== undefined) throw new Refusal(400, 'Bad Request: BOT_COMMAND_INVALID');
  const empty = commands.find((entry: Params) => !/^.{1,256}$/.test(textOf(entry, 'description')));
  if (empty !== undefined) throw new Refusal(400, 'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID');
  return commands;
}

export function queryOf(params: Params): Parameters<UpdateQueue['getUpdates']>[0] {
  return {
    offset: Number(params['offset'] ?? 0),
    limit: Number(params['limit'] ?? 100),
    timeoutSeconds: Number(params['timeout'] ?? 0),
    allowed: allowedOf(params),
  };
}

function allowedOf(params: Params): readonly string[] | null {
  const allowed = params['allowed_updates'];
  return Array.isArray(allowed) ? allowed.map(String) : null;
}
