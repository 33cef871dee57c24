import type { IncomingMessage, ServerResponse } from 'node:http';
import { bot, type Chats, field, Refusal } from './chats.ts';
import { type Params, parseJson } from './wire.ts';

interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly mime: string;
  bytes: Buffer | null;
  /** Sends the reader elsewhere. */
  readonly redirect?: string;
  /** Where it is shown: a message of a channel. */
  shown: { readonly channel: string; readonly ts: string } | null;
}

type Result = Readonly<Record<string, unknown>>;

/** The file host and the calls about files. */
export interface Files {
  readonly stored: ReadonlyMap<string, StoredFile>;
  /** The authorisations that came with downloads. */
  readonly seenTokens: readonly string[];
  /** A file that somebody uploaded, as it stands in a message. */
  keep(
    bytes: Buffer,
    about?: { readonly name?: string; readonly mime?: string; readonly redirect?: string },
  ): unknown;
  begin(params: Params, host: string): Result;
  complete(params: Params): Result;
  info(params: Params, host: string): Result;
  serve(at: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: Buffer;
    readonly token: string;
  }): void;
}

export function createFiles(chats: Chats): Files {
  const stored = new Map<string, StoredFile>();
  const seenTokens: string[] = [];
  return { stored, seenTokens, keep, begin, complete, info, serve };

  function keep(bytes: Buffer, { name = 'notes.txt', mime = 'text/plain', redirect = '' } = {}): unknown {
    const id = `F${stored.size + 1}`;
    const elsewhere = redirect === '' ? {} : { redirect };
    stored.set(id, { id, name, mime, bytes, shown: null, ...elsewhere });
    return {
      id,
      name,
      mimetype: mime,
      size: bytes.byteLength,
      mode: 'hosted',
      url_private: `https://files.slack.com/${id}`,
    };
  }

  function begin({ filename = '', length = '0' }: Params, host: string): Result {
    if (filename === '' || Number(length) <= 0) throw new Refusal('invalid_arguments');
    const id = `F${stored.size + 1}`;
    stored.set(id, { id, name: filename, mime: 'application/octet-stream', bytes: null, shown: null });
    return { upload_url: `${host}/upload/v1/${id}`, file_id: id };
  }

  function complete(params: Params): Result {
    const list = parseJson(params['files'] ?? '');
    const first: unknown = Array.isArray(list) ? list[0] : null;
    const file = stored.get(String(field(first, 'id')));
    if (file === undefined || file.bytes === null) throw new Refusal('file_not_found');
    const { channel_id: channel = '', thread_ts: thread, initial_comment: text = '' } = params;
    const message = chats.add({
      type: 'message',
      channel,
      ts: chats.nextTs(),
      user: bot.user,
      bot_id: bot.bot,
      text,
      files: [{ id: file.id, name: file.name }],
      ...(thread === undefined ? {} : { thread_ts: thread }),
    });
    file.shown = { channel, ts: message.ts };
    return { files: [{ id: file.id, title: file.name }] };
  }

  function info(params: Params, host: string): Result {
    const file = stored.get(params['file'] ?? '');
    if (file === undefined) throw new Refusal('file_not_found');
    const shares = file.shown === null ? {} : { private: { [file.shown.channel]: [{ ts: file.shown.ts }] } };
    const url = `${host}/files-pri/${file.id}`;
    return {
      file: {
        id: file.id,
        name: file.name,
        mimetype: file.mime,
        size: file.bytes?.byteLength ?? 0,
        url_private: url,
        url_private_download: `${url}/download`,
        shares,
      },
    };
  }

  function serve(at: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: Buffer;
    readonly token: string;
  }): void {
    const { request, response, body } = at;
    const [, kind, id = ''] = /^\/(upload\/v1|files-pri)\/([^/?]+)/.exec(request.url ?? '') ?? [];
    const file = stored.get(id);
    const { authorization = '' } = request.headers;
    if (kind === 'files-pri') seenTokens.push(authorization);
    if (file === undefined) return void response.writeHead(404).end();
    if (kind === 'upload/v1') {
      file.bytes = body;
      return void response.writeHead(200).end(`OK - ${body.byteLength}`);
    }
    if (file.redirect !== undefined) return void response.writeHead(302, { location: file.redirect }).end();
    // Slack answers a reader it does not know with its page to log in.
    if (authorization !== `Bearer ${at.token}`)
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
    response.writeHead(200, { 'content-type': file.mime }).end(file.bytes);
  }
}
