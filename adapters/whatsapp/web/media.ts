import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type * as Baileys from 'baileys';
import { z } from 'zod';
import type { DeliveryBody, SendError } from '#core/delivery.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { limitBytes } from '#lib/net/limit.ts';
import { randomToken } from '#lib/random.ts';
import { type Media, mediaOf } from './content.ts';
import type { Lib, Line, Server } from './socket.ts';

export const uploadLimitBytes = 64_000_000;
const downloadLimitBytes = 100_000_000;
const ownHost = 'mmg.whatsapp.net';
const hostPattern = /^[a-z0-9.-]+\.(?:whatsapp\.net|fbcdn\.net)$/;
const origin = { Origin: 'https://web.whatsapp.com' };
const macBytes = 10;
const askMs = 15_000;

export interface MediaDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly server: Server | null;
}

export interface Upload {
  readonly message: Baileys.proto.IMessage;
}

export function isUpload(value: Upload | SendError): value is Upload {
  return 'message' in value;
}

type Kind = 'image' | 'video' | 'audio' | 'document';

/**
 * The bytes of a file, decrypted as they come. Contract: rejects where WhatsApp no longer has it or it is too large; the
 * stream breaks off at its end where the bytes are not those that were sent.
 */
export async function download(
  deps: MediaDeps,
  lib: Lib,
  asked: { readonly file: FileRef; readonly signal: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const media = mediaOf(asked.file.id);
  if (media === null) throw new TiroError('bad-input', 'This is no file of WhatsApp.');
  const { signal } = asked;
  const url = `${hostOf(deps.server, ownHost)}${media.path}`;
  const response = await deps
    .fetch(url, { headers: origin, redirect: 'error', signal })
    .catch((error: unknown) => {
      throw new TiroError('unavailable', howItBroke(error, 'the files of WhatsApp', signal).why);
    });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const isGone = response.status === 404 || response.status === 410;
    throw isGone
      ? new TiroError('not-found', 'WhatsApp no longer has this file: the sender has to send it again.')
      : new TiroError('unavailable', `WhatsApp answered ${response.status} when it was asked for a file.`);
  }
  const tooLarge = new TiroError('bad-input', 'The file is larger than 100 MB.');
  return response.body
    .pipeThrough(limitBytes(downloadLimitBytes, tooLarge))
    .pipeThrough(await decrypting(lib, media));
}

/** AES-CBC with a MAC behind it: checked when all has come, and the last piece is held back until then. */
async function decrypting(lib: Lib, media: Media): Promise<TransformStream<Uint8Array, Uint8Array>> {
  const { cipherKey, iv, macKey } = await lib.getMediaKeys(Buffer.from(media.key, 'base64'), media.type);
  if (!cipherKey || !iv || !macKey) throw new TiroError('bad-input', 'The file has no key.');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const mac = createHmac('sha256', macKey).update(iv);
  let held = Buffer.alloc(0);
  return new TransformStream({
    transform(piece, controller) {
      const all = Buffer.concat([held, piece]);
      const whole = all.subarray(0, Math.max(0, all.length - macBytes));
      held = all.subarray(whole.length);
      mac.update(whole);
      const plain = decipher.update(whole);
      if (plain.length > 0) controller.enqueue(plain);
    },
    flush(controller) {
      const isWhole = held.length === macBytes && mac.digest().subarray(0, macBytes).equals(held);
      if (!isWhole) throw new TiroError('unavailable', 'The file came in damaged.');
      const rest = decipher.final();
      if (rest.length > 0) controller.enqueue(rest);
    },
  });
}

type FileBody = Extract<DeliveryBody, { kind: 'file' }>;

/** Encrypts and uploads a file of the home. Nothing is shown by it: what goes wrong surely was not sent. */
export async function upload(
  deps: MediaDeps & { readonly lib: Lib },
  body: FileBody,
  to: { readonly line: Line; readonly signal: AbortSignal },
): Promise<Upload | SendError> {
  const found = await stat(body.path).catch(messageOf);
  if (typeof found === 'string') return permanent(`the file cannot be read: ${found}`);
  if (found.size === 0) return permanent('the file is empty');
  if (found.size > uploadLimitBytes) return permanent('the file is over the 64 MB that are sent');
  const kind = kindOf(body);
  const sealed = await encrypted(deps.lib, body.path, kind);
  const name = sealed.fileEncSha256.toString('base64url');
  try {
    const place = await placeFor(deps.lib, to.line);
    const host = hostOf(deps.server, place.hosts.find((name) => hostPattern.test(name)) ?? ownHost);
    const url = `${host}${paths[kind]}/${name}?auth=${encodeURIComponent(place.auth)}&token=${name}`;
    const response = await deps.fetch(url, {
      method: 'POST',
      headers: { ...origin, 'content-type': 'application/octet-stream' },
      body: Buffer.from(sealed.bytes),
      redirect: 'error',
      signal: to.signal,
    });
    const answer = uploadedSchema.safeParse(await response.json());
    if (!response.ok || !answer.success)
      return {
        type: response.status === 413 ? 'permanent' : 'transient',
        reason: `WhatsApp answered ${response.status} to a file`,
      };
    const { url: link, direct_path: directPath } = answer.data;
    const { bytes: _, ...stored } = { ...sealed, url: link, directPath };
    return { message: messageFor(kind, body, stored) };
  } catch (error) {
    const { why } = howItBroke(error, 'the files of WhatsApp', to.signal);
    return { type: 'transient', reason: why };
  }
}

/** Where files go to. The library has a call for it that keeps a failed answer for as long as the connection lives. */
async function placeFor(
  lib: Lib,
  { sock }: Line,
): Promise<{ readonly auth: string; readonly hosts: readonly string[] }> {
  const attrs = { type: 'set', xmlns: 'w:m', to: 's.whatsapp.net', id: sock.generateMessageTag() };
  const asked = { tag: 'iq', attrs, content: [{ tag: 'media_conn', attrs: {} }] };
  const answer: unknown = await sock.query(asked, askMs);
  const found = isNode(answer) ? lib.getBinaryNodeChild(answer, 'media_conn') : undefined;
  const auth = found?.attrs['auth'];
  if (auth === undefined) throw new Error('WhatsApp did not say where files go');
  const hosts = lib.getBinaryNodeChildren(found, 'host').flatMap(({ attrs: { hostname } }) => hostname ?? []);
  return { auth, hosts };
}

function isNode(value: unknown): value is Baileys.BinaryNode {
  return typeof value === 'object' && value !== null && 'tag' in value && 'attrs' in value;
}

const uploadedSchema = z.object({ url: z.string(), direct_path: z.string() });
const paths: Readonly<Record<Kind, string>> = {
  image: '/mms/image',
  video: '/mms/video',
  audio: '/mms/audio',
  document: '/mms/document',
};

interface Sealed {
  readonly bytes: Buffer;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

async function encrypted(lib: Lib, path: string, kind: Kind): Promise<Sealed> {
  const mediaKey = Buffer.from(randomToken(), 'hex');
  const { cipherKey, iv, macKey } = await lib.getMediaKeys(mediaKey, kind);
  if (!cipherKey || !iv || !macKey) throw new TiroError('unavailable', 'The file got no key.');
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const mac = createHmac('sha256', macKey).update(iv);
  const plain = createHash('sha256');
  const pieces: Buffer[] = [];
  let fileLength = 0;
  await using file = await open(path);
  for await (const piece of file.createReadStream({ autoClose: false })) {
    if (!Buffer.isBuffer(piece)) continue;
    plain.update(piece);
    fileLength += piece.length;
    pieces.push(cipher.update(piece));
  }
  pieces.push(cipher.final());
  for (const piece of pieces) mac.update(piece);
  const bytes = Buffer.concat([...pieces, mac.digest().subarray(0, macBytes)]);
  const fileEncSha256 = createHash('sha256').update(bytes).digest();
  return { bytes, mediaKey, fileSha256: plain.digest(), fileEncSha256, fileLength };
}

function messageFor(
  kind: Kind,
  { mime: mimetype, name, caption }: FileBody,
  stored: Omit<Sealed, 'bytes'> & { readonly url: string; readonly directPath: string },
): Baileys.proto.IMessage {
  const words = caption === '' ? {} : { caption };
  switch (kind) {
    case 'image':
      return { imageMessage: { ...stored, mimetype, ...words } };
    case 'video':
      return { videoMessage: { ...stored, mimetype, ...words } };
    case 'audio':
      return { audioMessage: { ...stored, mimetype, ptt: /^audio\/ogg\b/.test(mimetype) } };
    case 'document':
      return { documentMessage: { ...stored, mimetype, fileName: name || 'file', ...words } };
  }
}

/** What WhatsApp shows as such; all else is a document. */
function kindOf({ mime, caption }: FileBody): Kind {
  if (/^image\/(?:jpeg|png)$/.test(mime)) return 'image';
  if (/^video\/mp4$/.test(mime)) return 'video';
  // Sound has no words beside it.
  return caption === '' && /^audio\/(?:ogg|mpeg|mp4|aac|amr)\b/.test(mime) ? 'audio' : 'document';
}

function hostOf(server: Server | null, host: string): string {
  return server?.media ?? `https://${host}`;
}

function permanent(reason: string): SendError {
  return { type: 'permanent', reason };
}
