import { bot, type Chats, type Message, Refusal } from './chats.ts';
import type { Files } from './files.ts';
import type { Params } from './wire.ts';

type Method = (params: Params, host: string) => Readonly<Record<string, unknown>>;

/** What the Web API does. Each result is sent with `ok: true`. */
export function createMethods(chats: Chats, files: Files): Readonly<Record<string, Method | undefined>> {
  return {
    'auth.test': () => ({
      url: 'https://test.slack.com/',
      team: 'Test',
      user: 'tiro',
      team_id: bot.team,
      user_id: bot.user,
      bot_id: bot.bot,
      app_id: bot.app,
    }),
    'bots.info': () => ({ bot: { id: bot.bot, app_id: bot.app, user_id: bot.user, name: 'tiro' } }),
    'users.info': ({ user = '' }) => {
      if (!user.startsWith('U')) throw new Refusal('user_not_found');
      return { user: { id: user, name: user.toLowerCase(), profile: { display_name: `Name of ${user}` } } };
    },
    'users.conversations': () => ({
      channels: [...new Set(chats.messages.map(({ channel }) => channel))].map((id) => ({ id })),
      response_metadata: { next_cursor: '' },
    }),
    'chat.postMessage': (params) => sent(chats.post(params)),
    'chat.update': (params) => sent(chats.update(params)),
    'chat.delete': (params) => (chats.remove(params), { channel: params['channel'], ts: params['ts'] }),
    'reactions.add': (params) => (chats.react(params), {}),
    'conversations.history': (params) => paged(chats.history(params), params),
    'conversations.replies': (params) => paged(chats.replies(params), params),
    'assistant.threads.setStatus': ({ thread_ts }) => {
      if (thread_ts === undefined) throw new Refusal('invalid_thread_ts');
      return {};
    },
    'files.getUploadURLExternal': files.begin,
    'files.completeUploadExternal': files.complete,
    'files.info': files.info,
  };
}

function sent(message: Message): Readonly<Record<string, unknown>> {
  return { channel: message.channel, ts: message.ts, message };
}

function paged(
  { page, next }: ReturnType<Chats['history']>,
  params: Params,
): Readonly<Record<string, unknown>> {
  const withMetadata = params['include_all_metadata'] === 'true';
  return {
    messages: page.map(({ metadata, ...message }) => ({
      ...message,
      channel: undefined,
      ...(withMetadata ? { metadata } : {}),
    })),
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  };
}
