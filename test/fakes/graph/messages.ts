import { createHmac } from 'node:crypto';
import type { Call } from './index.ts';
import { phoneNumberId } from './people.ts';
import { field, type Fields, graphError, textIn } from './wire.ts';

/** A message of the bot's. */
export interface Sent {
  readonly id: string;
  /** Digits, or the id of somebody who hides them. */
  readonly to: string;
  readonly callbackData: string | undefined;
  readonly body: Fields;
}

interface Medium {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly mime: string;
  readonly name: string;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** The message that this made. */
  readonly sent?: string;
  readonly file?: Buffer;
}

export interface Messages {
  readonly all: readonly Sent[];
  readonly media: ReadonlyMap<string, Medium>;
  find(id: string): Sent | undefined;
  /** What the chat shows of the bot. */
  shownTo(to: string): readonly string[];
  /** A file that somebody sends; the id of it. `url`: where it is said to lie instead. */
  putMedium(bytes: string, mime: string, url?: string): string;
  perform(
    call: Call,
    request: { readonly host: string; readonly bytes: Buffer<ArrayBuffer>; readonly type: string },
  ): Promise<Reply>;
}

/** Mirrors Meta's limits: what is over them is refused. */
const limits = { text: 4_096, body: 1_024, title: 20, buttons: 3, caption: 1_024 };
const uploadable =
  /^(image\/(jpeg|png)|video\/(mp4|3gpp)|audio\/(aac|amr|mpeg|mp4|ogg)|text\/plain|application\/(pdf|msword|vnd\..*))$/;

export function createMessages(options: {
  readonly nextId: () => string;
  readonly token: string;
  readonly appSecret: string;
  readonly phone: () => Fields;
}): Messages {
  const all: Sent[] = [];
  const media = new Map<string, Medium>();
  const elsewhere = new Map<string, string>();
  let lastMedium = 900;
  const newMedium = (medium: Medium): string => {
    const id = String((lastMedium += 1));
    media.set(id, medium);
    return id;
  };
  return {
    all,
    media,
    find: (id) => all.find((sent) => sent.id === id),
    shownTo: (to) => all.filter((sent) => sent.to === to).flatMap(({ body }) => shownText(body) ?? []),
    putMedium: (bytes, mime, url) => {
      const id = newMedium({ bytes: Buffer.from(bytes), mime, name: '' });
      if (url !== undefined) elsewhere.set(id, url);
      return id;
    },
    perform,
  };

  async function perform(call: Call, request: Parameters<Messages['perform']>[1]): Promise<Reply> {
    if (call.token !== options.token)
      return refusal(401, graphError(190, `Malformed access token ${call.token}`));
    switch (call.what) {
      case 'message':
        return send(call.body);
      case 'read':
        return { status: 200, body: { success: true } };
      case 'upload':
        return upload(request.bytes, request.type);
      case 'file':
        return {
          status: 200,
          body: null,
          file: media.get(call.path.slice('/file/'.length))?.bytes ?? Buffer.alloc(0),
        };
      case 'media':
        return lookAt(idIn(call.path), request.host);
      case 'phone':
        return phoneNode(call.path);
    }
  }

  function send(body: Fields): Reply {
    const to = body['to'] ?? body['recipient'];
    const why = typeof to === 'string' && to !== '' ? whyNot(body, media) : 'The parameter to is required.';
    if (why !== null) return refusal(400, graphError(100, 'Invalid parameter', why));
    const id = options.nextId();
    const data = body['biz_opaque_callback_data'];
    const callbackData = typeof data === 'string' ? data : undefined;
    all.push({ id, to: String(to), callbackData, body });
    const contacts = [{ input: to, wa_id: to }];
    return { status: 200, body: { messaging_product: 'whatsapp', contacts, messages: [{ id }] }, sent: id };
  }

  async function upload(bytes: Buffer<ArrayBuffer>, type: string): Promise<Reply> {
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
    const [file, mime] = [form.get('file'), textIn(form.get('type'))];
    if (!(file instanceof File) || form.get('messaging_product') !== 'whatsapp' || !uploadable.test(mime)) {
      const why = 'Param file must be a file with one of the following types: …';
      return refusal(400, graphError(100, why));
    }
    const id = newMedium({ bytes: Buffer.from(await file.arrayBuffer()), mime, name: file.name });
    return { status: 200, body: { id } };
  }

  function lookAt(id: string, host: string): Reply {
    const medium = media.get(id);
    if (medium === undefined) return refusal(400, graphError(100, `Unsupported get request. Object ${id}`));
    const url = elsewhere.get(id) ?? `${host}/file/${id}`;
    const body = { url, mime_type: medium.mime, file_size: String(medium.bytes.byteLength), id };
    return { status: 200, body };
  }

  function phoneNode(path: string): Reply {
    const query = new URLSearchParams(path.slice(path.indexOf('?')));
    const proof = createHmac('sha256', options.appSecret).update(options.token).digest('hex');
    if (query.has('appsecret_proof') && query.get('appsecret_proof') !== proof)
      return refusal(400, graphError(100, 'Invalid appsecret_proof provided in the API argument'));
    const wanted = (query.get('fields') ?? '').split(',');
    const node = Object.entries(options.phone()).filter(([name]) => wanted.includes(name));
    return { status: 200, body: { ...Object.fromEntries(node), id: phoneNumberId } };
  }
}

/** What a message of the bot's says: words, or the file it shows. */
export function shownText(body: Fields): string | null {
  switch (body['type']) {
    case 'text':
      return textIn(field(body['text'], 'body'));
    case 'interactive':
      return textIn(field(field(body['interactive'], 'body'), 'text'));
    case 'reaction':
      return null;
    default:
      return textIn(field(body[textIn(body['type'])], 'caption'));
  }
}

function whyNot(body: Fields, media: ReadonlyMap<string, Medium>): string | null {
  if (body['messaging_product'] !== 'whatsapp') return 'The parameter messaging_product is required.';
  const text = shownText(body);
  switch (body['type']) {
    case 'text':
      return text === '' || (text ?? '').length > limits.text ? 'text.body has a wrong length.' : null;
    case 'interactive':
      return text === '' || (text ?? '').length > limits.body
        ? 'body.text has a wrong length.'
        : buttonsWrong(body);
    case 'reaction':
      return field(body['reaction'], 'message_id') ? null : 'reaction.message_id is required.';
    case 'image':
    case 'video':
    case 'audio':
    case 'document': {
      const part = body[body['type']];
      if (!media.has(String(field(part, 'id')))) return 'The medium is not known.';
      if (body['type'] === 'audio' && field(part, 'caption') !== undefined) return 'Audio has no caption.';
      return (text ?? '').length > limits.caption ? 'The caption is too long.' : null;
    }
    default:
      return 'The type is not known.';
  }
}

function buttonsWrong(body: Fields): string | null {
  const buttons = field(field(body['interactive'], 'action'), 'buttons');
  if (!Array.isArray(buttons) || buttons.length === 0 || buttons.length > limits.buttons)
    return 'Between 1 and 3 buttons.';
  const titles = buttons.map((button: unknown) => String(field(field(button, 'reply'), 'title')));
  if (new Set(titles).size < titles.length) return 'Two buttons have the same title.';
  return titles.some((title) => title === '' || title.length > limits.title) ? 'A title is too long.' : null;
}

function refusal(status: number, body: unknown): Reply {
  return { status, body };
}

/** `/901?phone_number_id=…` → `901` */
function idIn(path: string): string {
  return decodeURIComponent(path.slice(1).split('?')[0] ?? '');
}
