import { type Refusal, refusal } from './faults.ts';
import { recordOf } from './gateway.ts';
import { type Attachment, bot, type Json, type Message, type World } from './world.ts';

/** A REST call as it arrived. `route` has `:id` for ids. Times are epoch ms; `answeredAt` is null while no answer was written. */
export interface Call {
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly ids: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** The token it came with, or null. */
  readonly authorization: string | null;
  readonly at: number;
  answeredAt: number | null;
  /** Told of `answeredAt`. */
  onAnswered?: (at: number) => void;
}

export type Result = { readonly status: number; readonly body: unknown } | Refusal;

export interface RoutesDeps {
  readonly world: World;
  readonly origin: (call: Call) => string;
  /** Somebody reads these messages back. */
  readonly wasRead: (messages: readonly Message[]) => void;
  /** The bot said something. */
  readonly onSaid: (message: Message) => void;
  readonly settings: { applicationFlags: number; permissions: string; sessionsLeft: number };
}

const unknownChannel = refusal(404, 10003, 'Unknown Channel');
const unknownMessage = refusal(404, 10008, 'Unknown Message');
const mostText = 2000;
/** Discord says "the past few minutes". */
const nonceHoldsMs = 180_000;
const uploadLimitBytes = 10_485_760;

type Routes = Record<string, (call: Call) => Result>;

export function createRoutes(deps: RoutesDeps): Routes {
  return { ...messageRoutes(deps), ...botRoutes(deps) };
}

function messageRoutes({ world, wasRead, onSaid, origin }: RoutesDeps): Routes {
  const nonces = new Map<string, Message>();
  const inPlace =
    (run: (call: Call, message: Message) => Result) =>
    (call: Call): Result => {
      const [place = '', id = ''] = call.ids;
      if (!world.places.has(place)) return unknownChannel;
      const message = world.find(place, id);
      return message === null ? unknownMessage : run(call, message);
    };

  return {
    'POST /channels/:id/messages': (call) => {
      const [place = ''] = call.ids;
      if (!world.places.has(place)) return unknownChannel;
      const wrong = wrongIn(call);
      if (wrong !== null) return wrong;
      const nonce = nonceOf(call.body);
      const twin = nonces.get(`${place}/${nonce}`);
      if (nonce !== null && twin !== undefined && call.body['enforce_nonce'] === true)
        if (Date.now() - Date.parse(twin.timestamp) < nonceHoldsMs)
          return { status: 200, body: world.messageFields(twin, true) };
      const message = world.add({
        channel_id: place,
        author: bot,
        content: textOf(call.body).trim(),
        edited_timestamp: null,
        components: listOf(call.body['components']),
        attachments: attachmentsOf(world, call, origin(call)),
        nonce,
        fields: replyFields(world, place, call.body),
      });
      if (nonce !== null) nonces.set(`${place}/${nonce}`, message);
      onSaid(message);
      return { status: 200, body: world.messageFields(message, true) };
    },
    'GET /channels/:id/messages': (call) => {
      const [place = ''] = call.ids;
      if (!world.places.has(place)) return unknownChannel;
      const limit = Number(call.query['limit'] ?? 50);
      if (limit < 1 || limit > 100) return refusal(400, 50035, 'Invalid Form Body');
      const { after } = call.query;
      const all = world.in(place);
      // With `after` the page is the oldest ones behind it; in any case the newest stands first.
      const page =
        after === undefined
          ? all.slice(-limit)
          : all.filter(({ id }) => BigInt(id) > BigInt(after)).slice(0, limit);
      wasRead(page);
      return { status: 200, body: page.toReversed().map((message) => world.messageFields(message, false)) };
    },
    'GET /channels/:id/messages/:id': inPlace((_, message) => ({
      status: 200,
      body: world.messageFields(message, false),
    })),
    'PATCH /channels/:id/messages/:id': inPlace((call, message) => {
      if (message.author.id !== bot.id)
        return refusal(403, 50005, 'Cannot edit a message authored by another user');
      const wrong = wrongIn(call);
      if (wrong !== null) return wrong;
      message.content = textOf(call.body).trim();
      message.components = listOf(call.body['components']);
      message.edited_timestamp = new Date().toISOString();
      return { status: 200, body: world.messageFields(message, true) };
    }),
    'DELETE /channels/:id/messages/:id': inPlace((_, message) => {
      world.remove(message.channel_id, message.id);
      return { status: 204, body: null };
    }),
    'PUT /channels/:id/messages/:id/reactions/:emoji/@me': inPlace((call, message) => {
      const emoji = decodeURIComponent(call.path.split('/').at(-2) ?? '');
      if (!/\p{Emoji}/u.test(emoji)) return refusal(400, 10014, 'Unknown Emoji');
      message.reactions.set(emoji, new Set([...(message.reactions.get(emoji) ?? []), bot.id]));
      return { status: 204, body: null };
    }),
    'POST /channels/:id/typing': (call) =>
      world.places.has(call.ids[0] ?? '') ? { status: 204, body: null } : unknownChannel,
    'GET /channels/:id': (call) => {
      const place = world.places.get(call.ids[0] ?? '');
      return place === undefined ? unknownChannel : { status: 200, body: world.placeFields(place) };
    },
  };
}

function botRoutes({ world, origin, settings }: RoutesDeps): Routes {
  const done = { status: 204, body: null } as const;
  return {
    'GET /gateway/bot': (call) => ({
      status: 200,
      body: {
        url: origin(call).replace(/^http/, 'ws'),
        shards: 1,
        session_start_limit: {
          total: 1000,
          remaining: settings.sessionsLeft,
          reset_after: 14_400_000,
          max_concurrency: 1,
        },
      },
    }),
    'GET /users/@me': () => ({ status: 200, body: { ...bot, discriminator: '0', avatar: null } }),
    'GET /applications/@me': () => ({
      status: 200,
      body: { id: bot.id, name: 'Tiro', flags: settings.applicationFlags, bot },
    }),
    'GET /users/@me/guilds': () => ({
      status: 200,
      body: [{ id: world.guildId, name: 'The guild', owner: false, permissions: settings.permissions }],
    }),
    'PUT /applications/:id/commands': (call) => ({ status: 200, body: call.body }),
    'POST /interactions/:id/:token/callback': () => done,
    'DELETE /webhooks/:id/:token/messages/@original': () => done,
  };
}

function wrongIn({ body, files }: Call): Refusal | null {
  const text = textOf(body);
  if (text.length > mostText)
    return refusal(400, 50035, 'Invalid Form Body: content: Must be 2000 or fewer in length.');
  if (text.trim() === '' && files.length === 0) return refusal(400, 50006, 'Cannot send an empty message');
  if ((nonceOf(body)?.length ?? 0) > 25)
    return refusal(400, 50035, 'Invalid Form Body: nonce: Must be 25 or fewer in length.');
  if (files.some(({ bytes }) => bytes.byteLength > uploadLimitBytes))
    return refusal(413, 40005, 'Request entity too large');
  return null;
}

function attachmentsOf(world: World, { files }: Call, origin: string): Attachment[] {
  return files.map(({ name, bytes }) => keepFile(world, { name, bytes, origin }));
}

export function keepFile(
  world: World,
  file: { name: string; bytes: Uint8Array; origin: string; mime?: string },
): Attachment {
  const id = world.newId();
  world.files.set(id, file.bytes);
  const { name: filename, bytes, mime } = file;
  const url = `${file.origin}/attachments/${id}/${encodeURIComponent(filename)}?ex=soon`;
  return { id, filename, size: bytes.byteLength, url, ...(mime === undefined ? {} : { content_type: mime }) };
}

function replyFields(world: World, place: string, body: Json): Json {
  const reference = recordOf(body['message_reference']);
  const id = reference['message_id'];
  if (typeof id !== 'string') return {};
  const found = world.find(place, id);
  return found === null ? {} : { type: 19, message_reference: { message_id: id, channel_id: place } };
}

function nonceOf(body: Json): string | null {
  const nonce = body['nonce'];
  return typeof nonce === 'string' ? nonce : null;
}

function textOf(body: Json): string {
  const content = body['content'];
  return typeof content === 'string' ? content : '';
}

function listOf(it: unknown): readonly Json[] {
  return Array.isArray(it) ? it.map(recordOf) : [];
}
