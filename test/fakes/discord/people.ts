import type { Gateway } from './gateway.ts';
import { keepFile } from './routes.ts';
import { ann, bot, generalId, guildId, type Json, type Message, type User, type World } from './world.ts';

export interface SayOptions {
  /** Default: Ann. */
  readonly from?: User;
  /** The id of a channel or thread. Default: the direct channel with `from`. */
  readonly place?: string;
  readonly replyTo?: Message;
  /** Epoch ms; default: now. */
  readonly at?: number;
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array; readonly mime?: string }[];
  /** Whatever else stands in the message. */
  readonly fields?: Json;
}

export interface Said {
  readonly message: Message;
  readonly delivery: number;
}

/** What people do on the platform. Each becomes one dispatch. */
export interface People {
  say(text: string, options?: SayOptions): Said;
  /** The dispatch of the message once more. */
  again(message: Message): number;
  edit(message: Message, text: string): number;
  /** An update that changes no words, as when a preview of a link is added. */
  unfurl(message: Message): number;
  remove(...messages: readonly Message[]): number;
  react(message: Pick<Message, 'id' | 'channel_id'>, emoji: string, gone?: boolean): number;
  press(value: string, message: Pick<Message, 'id' | 'channel_id'>, from?: User): Interaction;
  slash(name: string, text: string | null, place?: string): Interaction;
}

export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly payload: Json;
}

const pressedHere = {
  author: { discriminator: '0', avatar: null, ...bot },
  content: 'pressed here',
  edited_timestamp: null,
  attachments: [],
  components: [],
  embeds: [],
  mentions: [],
  mention_roles: [],
  mention_everyone: false,
  pinned: false,
  tts: false,
  type: 0,
};

export function createPeople(deps: {
  readonly world: World;
  readonly gateway: Gateway;
  readonly origin: string;
}): People {
  const { world, gateway, origin } = deps;

  return {
    say: (text, options = {}) => {
      const message = add(text, options);
      return { message, delivery: create(message) };
    },
    again: create,
    edit: (message, text) => {
      message.content = text;
      message.edited_timestamp = new Date().toISOString();
      return gateway.deliver({ t: 'MESSAGE_UPDATE', d: fieldsOf(message) });
    },
    unfurl: (message) =>
      gateway.deliver({ t: 'MESSAGE_UPDATE', d: { ...fieldsOf(message), embeds: [{ title: 'A page' }] } }),
    remove: (...messages) => {
      for (const { channel_id, id } of messages) world.remove(channel_id, id);
      const [first] = messages;
      const place = first?.channel_id ?? '';
      const at = { channel_id: place, ...guildOf(place) };
      if (messages.length === 1) return gateway.deliver({ t: 'MESSAGE_DELETE', d: { id: first?.id, ...at } });
      return gateway.deliver({ t: 'MESSAGE_DELETE_BULK', d: { ids: messages.map(({ id }) => id), ...at } });
    },
    react: ({ id, channel_id }, emoji, gone = false) =>
      gateway.deliver({
        t: gone ? 'MESSAGE_REACTION_REMOVE' : 'MESSAGE_REACTION_ADD',
        d: {
          user_id: ann.id,
          message_id: id,
          channel_id,
          emoji: { id: null, name: emoji },
          ...guildOf(channel_id),
          ...(gone ? {} : memberOf(channel_id, ann)),
        },
      }),
    press: (value, { id, channel_id }, from = ann) =>
      interact(channel_id, from, {
        type: 3,
        data: { custom_id: value, component_type: 2 },
        message: { ...pressedHere, id, channel_id, timestamp: new Date().toISOString() },
      }),
    slash: (name, text, place = generalId) =>
      interact(place, ann, {
        type: 2,
        data: {
          id: '600000000000000001',
          name,
          type: 1,
          ...(text === null ? {} : { options: [{ name: 'text', type: 3, value: text }] }),
        },
      }),
  };

  function add(text: string, options: SayOptions): Message {
    const { from = ann, at, replyTo, fields = {} } = options;
    const reply = replyTo && {
      type: 19,
      message_reference: { type: 0, message_id: replyTo.id, channel_id: replyTo.channel_id },
      referenced_message: world.messageFields(replyTo, false),
    };
    return world.add({
      channel_id: options.place ?? world.direct(from.id).id,
      author: from,
      content: text,
      edited_timestamp: null,
      components: [],
      attachments: (options.files ?? []).map((file) => keepFile(world, { ...file, origin })),
      nonce: null,
      fields: { ...reply, ...fields },
      ...(at === undefined ? {} : { at }),
    });
  }

  function create(message: Message): number {
    return gateway.deliver({ t: 'MESSAGE_CREATE', d: fieldsOf(message) });
  }

  /** In a dispatch stands where it was said, too. */
  function fieldsOf(message: Message): Json {
    const { channel_id, author } = message;
    return { ...world.messageFields(message, true), ...guildOf(channel_id), ...memberOf(channel_id, author) };
  }

  function guildOf(place: string): Json {
    return world.places.get(place)?.type === 1 ? { channel_type: 1 } : { guild_id: guildId };
  }

  function memberOf(place: string, user: User): Json {
    if (world.places.get(place)?.type === 1) return {};
    return { member: { user, nick: null, roles: [], joined_at: '2025-01-01T00:00:00.000Z', flags: 0 } };
  }

  function interact(place: string, from: User, fields: Json): Interaction {
    const [id, token] = [world.newId(), `interaction-token-${world.newId()}`];
    const channel = world.places.get(place);
    const direct = channel?.type === 1;
    const d = {
      id,
      token,
      application_id: bot.id,
      version: 1,
      entitlements: [],
      authorizing_integration_owners: {},
      app_permissions: '0',
      attachment_size_limit: 10_485_760,
      locale: 'en-US',
      channel_id: place,
      ...(channel === undefined ? {} : { channel: world.placeFields(channel) }),
      context: direct ? 1 : 0,
      ...guildOf(place),
      ...(direct ? { user: from } : memberOf(place, from)),
      ...fields,
    };
    const payload = { t: 'INTERACTION_CREATE', d };
    gateway.deliver(payload);
    return { id, token, payload };
  }
}
