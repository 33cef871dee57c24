/** What a Discord knows: people, places, messages. Ids are snowflakes, as text. */
export type Json = Readonly<Record<string, unknown>>;

export interface User {
  readonly id: string;
  readonly username: string;
  readonly global_name?: string | null;
  readonly bot?: boolean;
}

export interface Place {
  readonly id: string;
  /** 0 text, 1 direct, 11 public thread. */
  readonly type: number;
  readonly name: string;
  readonly parent: string | null;
  lastMessageId: string | null;
}

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly url: string;
  readonly content_type?: string;
}

export interface Message {
  readonly id: string;
  readonly channel_id: string;
  readonly author: User;
  content: string;
  readonly timestamp: string;
  edited_timestamp: string | null;
  components: readonly Json[];
  attachments: readonly Attachment[];
  /** Given back by the call that made it and in its dispatch, never when it is read again. */
  readonly nonce: string | null;
  readonly fields: Json;
  readonly reactions: Map<string, Set<string>>;
}

export interface World {
  readonly guildId: string;
  readonly places: ReadonlyMap<string, Place>;
  readonly files: Map<string, Uint8Array>;
  newId(): string;
  addPlace(place: Omit<Place, 'lastMessageId'>): Place;
  /** The direct channel with somebody, opened when it is first asked for. */
  direct(userId: string): Place;
  add(message: Omit<Message, 'id' | 'timestamp' | 'reactions'> & { readonly at?: number }): Message;
  find(place: string, id: string): Message | null;
  knows(id: string): boolean;
  remove(place: string, id: string): boolean;
  /** Oldest first. */
  in(place: string): readonly Message[];
  placeFields(place: Place): Json;
  messageFields(message: Message, fresh: boolean): Json;
}

const epoch = 1_420_070_400_000n;
export const guildId = '300000000000000001';
export const generalId = '400000000000000001';
export const threadId = '400000000000000002';

export const bot: User = { id: '100000000000000001', username: 'tiro', bot: true };
export const ann: User = { id: '200000000000000007', username: 'annbell', global_name: 'Ann Bell' };

/** `keep`: only the newest so many messages of a place. */
export function createWorld(keep: number): World {
  const places = new Map<string, Place>();
  const messages = new Map<string, Message[]>();
  const files = new Map<string, Uint8Array>();
  let lastId = 0n;
  const world: World = {
    guildId,
    places,
    files,
    newId,
    addPlace,
    direct: (userId) => {
      const id = `5${userId.slice(1)}`;
      return places.get(id) ?? addPlace({ id, type: 1, name: userId, parent: null });
    },
    add: ({ at = Date.now(), ...message }) => {
      const made = { ...message, id: newId(), timestamp: new Date(at).toISOString(), reactions: new Map() };
      const all = messages.get(made.channel_id) ?? [];
      all.push(made);
      if (all.length > keep) all.shift();
      messages.set(made.channel_id, all);
      const place = places.get(made.channel_id);
      if (place !== undefined) place.lastMessageId = made.id;
      return made;
    },
    find: (place, id) => messages.get(place)?.find((message) => message.id === id) ?? null,
    knows: (id) => [...messages.values()].some((all) => all.at(-1)?.id === id),
    remove: (place, id) => {
      const all = messages.get(place) ?? [];
      const index = all.findIndex((message) => message.id === id);
      if (index >= 0) all.splice(index, 1);
      return index >= 0;
    },
    in: (place) => messages.get(place) ?? [],
    placeFields,
    messageFields: (message, fresh) => ({
      ...plainFields(message),
      ...message.fields,
      ...(fresh && message.nonce !== null ? { nonce: message.nonce } : {}),
    }),
  };
  addPlace({ id: generalId, type: 0, name: 'general', parent: null });
  addPlace({ id: threadId, type: 11, name: 'a thread', parent: generalId });
  return world;

  function newId(): string {
    const now = (BigInt(Date.now()) - epoch) << 22n;
    lastId = now > lastId ? now : lastId + 1n;
    return String(lastId);
  }

  function addPlace(place: Omit<Place, 'lastMessageId'>): Place {
    const made: Place = { ...place, lastMessageId: null };
    places.set(place.id, made);
    return made;
  }
}

function placeFields({ id, type, name, parent, lastMessageId }: Place): Json {
  const own = { id, type, last_message_id: lastMessageId };
  if (type === 1) return { ...own, recipients: [{ id: name, username: name }] };
  return { ...own, guild_id: guildId, name, parent_id: parent, position: 0, permission_overwrites: [] };
}

function plainFields(message: Message): Json {
  const { id, channel_id, author, content, timestamp, edited_timestamp, components, attachments } = message;
  return {
    id,
    channel_id,
    author: { discriminator: '0', avatar: null, ...author },
    content,
    timestamp,
    edited_timestamp,
    tts: false,
    mention_everyone: content.includes('@everyone'),
    mentions: content.includes(`<@${bot.id}>`) ? [bot] : [],
    mention_roles: [],
    attachments,
    embeds: [],
    components,
    pinned: false,
    flags: 0,
    type: 0,
  };
}

export function guildFields(world: World, joinedAt: number): Json {
  const all = [...world.places.values()].filter(({ type }) => type !== 1);
  return {
    id: guildId,
    name: 'The guild',
    owner_id: ann.id,
    unavailable: false,
    member_count: 2,
    joined_at: new Date(joinedAt).toISOString(),
    large: false,
    roles: [],
    members: [],
    presences: [],
    channels: all.filter(({ type }) => type !== 11).map((place) => world.placeFields(place)),
    threads: all.filter(({ type }) => type === 11).map((place) => world.placeFields(place)),
  };
}
