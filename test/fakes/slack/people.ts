import { randomUUID } from 'node:crypto';
import { bot, type Chats, field, type Message } from './chats.ts';
import type { Deliveries, Delivery } from './deliveries.ts';

export interface SayOptions {
  /** Default: U7. */
  readonly from?: string;
  /** Default: the direct chat of `from`. */
  readonly channel?: string;
  readonly thread?: string;
  readonly files?: readonly unknown[];
  /** Epoch ms; default: now. */
  readonly at?: number;
  readonly subtype?: string;
  /** Written while Slack does not tell the app: only its history knows. */
  readonly untold?: boolean;
}

/** An event as the Events API wraps it. */
export function wrap(event: unknown, id = `Ev${randomUUID()}`): Readonly<Record<string, unknown>> {
  return {
    token: 'verification',
    team_id: bot.team,
    api_app_id: bot.app,
    event,
    type: 'event_callback',
    event_id: id,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [{ enterprise_id: null, team_id: bot.team, user_id: bot.user, is_bot: true }],
  };
}

export interface Said {
  readonly message: Message;
  /** One for each event that it made: a mention makes two. */
  readonly deliveries: readonly Delivery[];
}

/** What people do in the workspace, told to the app. */
export interface People {
  say(text: string, options?: SayOptions): Said;
  /** What Slack tells the app of a message. */
  eventOf(message: Message): unknown;
  edit(message: Message, text: string): Delivery;
  unsay(message: Message): Delivery;
  /** By U7 unless another is named. */
  react(
    message: Message,
    reaction: string,
    how?: { readonly user?: string; readonly taken?: boolean },
  ): Delivery;
  /** Presses the first button of a message whose value begins so; null: there is none. */
  press(message: Message, value: string, user?: string): Delivery | null;
  /** `/tiro text`. */
  command(text: string, options?: SayOptions): Delivery;
}

export function createPeople(chats: Chats, deliveries: Pick<Deliveries, 'push'>): People {
  return { say, eventOf: (message) => wrap(eventOf(message)), edit, unsay, react, press, command };

  function say(text: string, options: SayOptions = {}): Said {
    const { from = 'U7', thread, files, subtype } = options;
    const channel = options.channel ?? directOf(from);
    const message = chats.add({
      type: 'message',
      channel,
      user: from,
      text,
      ts: options.at === undefined ? chats.nextTs() : tsAt(options.at),
      ...(from === bot.user ? { bot_id: bot.bot } : {}),
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...(files === undefined ? {} : { files, subtype: 'file_share' }),
      ...(subtype === undefined ? {} : { subtype }),
    });
    if (options.untold) return { message, deliveries: [] };
    const event = eventOf(message);
    const mention = { ...event, type: 'app_mention', channel_type: undefined };
    const mentions = channel.startsWith('D') || !text.includes(`<@${bot.user}>`) ? [] : [mention];
    return { message, deliveries: [event, ...mentions].map((told) => deliveries.push(wrap(told))) };
  }

  function eventOf(message: Message): Readonly<Record<string, unknown>> {
    const { channel, ts, thread_ts: thread } = message;
    const parent = thread === undefined ? undefined : chats.find(channel, thread)?.user;
    const told = { ...message, event_ts: ts, channel_type: typeOf(channel) };
    return parent === undefined ? told : { ...told, parent_user_id: parent };
  }

  function edit(message: Message, text: string): Delivery {
    const previous = { ...message };
    message.text = text;
    message.edited = { user: message.user, ts: chats.nextTs() };
    return changed('message_changed', message.channel, {
      message: { ...message },
      previous_message: previous,
    });
  }

  function unsay(message: Message): Delivery {
    chats.messages.splice(chats.messages.indexOf(message), 1);
    const { channel, ts } = message;
    return changed('message_deleted', channel, { deleted_ts: ts, previous_message: { ...message } });
  }

  function changed(subtype: string, channel: string, rest: object): Delivery {
    const ts = chats.nextTs();
    const event = { type: 'message', subtype, channel, hidden: true, ts, event_ts: ts, ...rest };
    return deliveries.push(wrap({ ...event, channel_type: typeOf(channel) }));
  }

  function react(message: Message, reaction: string, { user = 'U7', taken = false } = {}): Delivery {
    const type = taken ? 'reaction_removed' : 'reaction_added';
    const item = { type: 'message', channel: message.channel, ts: message.ts };
    const event = { type, user, reaction, item, item_user: message.user, event_ts: chats.nextTs() };
    return deliveries.push(wrap(event));
  }

  function press(message: Message, value: string, user = 'U7'): Delivery | null {
    const button = buttonsOf(message).find((element) => String(field(element, 'value')).startsWith(value));
    if (button === undefined) return null;
    const { channel, ts, thread_ts } = message;
    return deliveries.push(
      {
        type: 'block_actions',
        user: { id: user, username: user.toLowerCase(), team_id: bot.team },
        api_app_id: bot.app,
        token: 'verification',
        container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
        trigger_id: `${chats.nextTs()}.trigger`,
        team: { id: bot.team, domain: 'test' },
        channel: { id: channel, name: channel.startsWith('D') ? 'directmessage' : 'group' },
        message: { ts, user: bot.user, ...(thread_ts === undefined ? {} : { thread_ts }) },
        actions: [
          {
            type: 'button',
            action_id: field(button, 'action_id'),
            block_id: 'b',
            value: field(button, 'value'),
            action_ts: chats.nextTs(),
          },
        ],
      },
      'interactive',
    );
  }

  function command(text: string, { from = 'U7', channel = directOf(from) }: SayOptions = {}): Delivery {
    return deliveries.push(
      {
        token: 'verification',
        team_id: bot.team,
        team_domain: 'test',
        channel_id: channel,
        channel_name: 'x',
        user_id: from,
        user_name: from.toLowerCase(),
        command: '/tiro',
        text,
        api_app_id: bot.app,
        is_enterprise_install: 'false',
        trigger_id: `${chats.nextTs()}.trigger`,
      },
      'slash_commands',
    );
  }
}

export function buttonsOf({ blocks }: Pick<Message, 'blocks'>): readonly unknown[] {
  const elements = (block: unknown): readonly unknown[] => {
    const inside = field(block, 'elements');
    return Array.isArray(inside) ? inside : [];
  };
  return Array.isArray(blocks) ? blocks.flatMap(elements) : [];
}

/** The direct chat of a user: D7 of U7. */
export function directOf(user: string): string {
  return `D${user.slice(1)}`;
}

function typeOf(channel: string): string {
  return channel.startsWith('D') ? 'im' : 'channel';
}

function tsAt(at: number): string {
  return `${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}000`;
}
