import type { proto } from 'baileys';
import type { FileRef } from '#core/event.ts';
import { parseJson } from '#lib/read/json.ts';
import { z } from 'zod';

type Message = proto.IMessage;
type Context = proto.IContextInfo;

/** What a message says, out of its wrappers. */
export interface Content {
  readonly text: string;
  readonly files: readonly FileRef[];
  readonly context: Context | null;
}

/** What a file's reference holds: where it lies, the key to it, and the sum of what lies there. Never logged. */
const mediaSchema = z.object({
  type: z.enum(['image', 'video', 'audio', 'document', 'sticker']),
  path: z.string().regex(/^\/[^\s\\]+$/),
  key: z.string(),
  sum: z.string(),
});
export type Media = z.infer<typeof mediaSchema>;

/** Null for text that is no reference of ours. */
export function mediaOf(id: string): Media | null {
  return mediaSchema.safeParse(parseJson(id)).data ?? null;
}

const deepest = 6;
const longestCard = 16 * 1024;

/** Out of what it was packed into: disappearing, once to be seen, with a caption, edited. */
export function unwrapped(message: Message): Message {
  let inner = message;
  for (let depth = 0; depth < deepest; depth += 1) {
    const next = (
      inner.deviceSentMessage ??
      inner.ephemeralMessage ??
      inner.viewOnceMessage ??
      inner.viewOnceMessageV2 ??
      inner.viewOnceMessageV2Extension ??
      inner.documentWithCaptionMessage ??
      inner.editedMessage ??
      inner.groupMentionedMessage
    )?.message;
    if (next === null || next === undefined) return inner;
    inner = next;
  }
  return inner;
}

/** Null: nothing that a person said. */
export function contentOf(message: Message): Content | null {
  const inner = unwrapped(message);
  return textIn(inner) ?? mediaIn(inner) ?? placeIn(inner) ?? choiceIn(inner);
}

function textIn({ conversation, extendedTextMessage: more }: Message): Content | null {
  if (conversation) return said(conversation, null);
  return more?.text ? said(more.text, more.contextInfo) : null;
}

function mediaIn(message: Message): Content | null {
  const { imageMessage: image, videoMessage, ptvMessage, audioMessage: audio } = message;
  const { documentMessage: document, stickerMessage: sticker } = message;
  const video = videoMessage ?? ptvMessage;
  const about = (
    text: string | null | undefined,
    file: FileRef,
    context: Context | null | undefined,
  ): Content => ({
    ...said(text ?? '', context),
    files: [file],
  });
  if (image) return about(image.caption, refOf('image', image, 'photo'), image.contextInfo);
  if (video) return about(video.caption, refOf('video', video, 'video'), video.contextInfo);
  if (audio) return about('', refOf('audio', audio, audio.ptt ? 'voice' : 'audio'), audio.contextInfo);
  if (document)
    return about(
      document.caption,
      refOf('document', document, document.fileName || 'document'),
      document.contextInfo,
    );
  return sticker ? about('', refOf('sticker', sticker, 'sticker'), sticker.contextInfo) : null;
}

function placeIn({
  locationMessage,
  liveLocationMessage,
  contactMessage,
  contactsArrayMessage,
}: Message): Content | null {
  const place = locationMessage ?? liveLocationMessage;
  if (place) {
    const words = [locationMessage?.name, locationMessage?.address].filter(Boolean).join(', ');
    const where = `${place.degreesLatitude ?? 0}, ${place.degreesLongitude ?? 0}`;
    return said(`[location: ${where}${words === '' ? '' : ` (${words})`}]`, place.contextInfo);
  }
  const contacts = contactMessage ? [contactMessage] : (contactsArrayMessage?.contacts ?? []);
  if (contacts.length === 0) return null;
  const names = contacts.slice(0, 20).map(({ displayName, vcard }) => {
    const card = (vcard ?? '').slice(0, longestCard);
    const phones = [...card.matchAll(/^TEL[^:\r\n]*:(.+)$/gm)].map(([, phone]) => phone?.trim());
    return [displayName, ...phones.slice(0, 3)].filter(Boolean).join(' ');
  });
  return said(`[contact: ${names.join('; ')}]`, (contactMessage ?? contactsArrayMessage)?.contextInfo);
}

/** Polls, and what somebody chose in a message of another program. */
function choiceIn(message: Message): Content | null {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
  if (poll) {
    const options = (poll.options ?? []).slice(0, 20).map(({ optionName }) => optionName ?? '');
    return said(`[poll: ${poll.name ?? ''} — ${options.join(' / ')}]`, poll.contextInfo);
  }
  const { buttonsResponseMessage: button, listResponseMessage: list } = message;
  const { templateButtonReplyMessage: template } = message;
  const chosen = button?.selectedDisplayText ?? list?.title ?? template?.selectedDisplayText;
  return chosen ? said(chosen, (button ?? list ?? template)?.contextInfo) : null;
}

function said(text: string, context: Context | null | undefined): Content {
  return { text: text.toWellFormed(), files: [], context: context ?? null };
}

interface Stored {
  readonly directPath?: string | null;
  readonly mediaKey?: Uint8Array | null;
  readonly fileEncSha256?: Uint8Array | null;
  readonly fileLength?: number | { toString(): string } | null;
  readonly mimetype?: string | null;
}

const fileKinds = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'document',
  sticker: 'image',
} as const;

function refOf(type: Media['type'], file: Stored, name: string): FileRef {
  const mime = (file.mimetype || 'application/octet-stream').slice(0, 127);
  const bytes = Number(String(file.fileLength ?? ''));
  const media: Media = {
    type,
    path: file.directPath ?? '/',
    key: text64(file.mediaKey),
    sum: text64(file.fileEncSha256),
  };
  return {
    id: JSON.stringify(media),
    kind: fileKinds[type],
    name: (type === 'document' ? name : withEnding(name, mime)).toWellFormed().slice(0, 255),
    mime,
    bytes: Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null,
  };
}

/** `photo` and `image/jpeg; q=1` are `photo.jpeg`. */
function withEnding(name: string, mime: string): string {
  const ending = /\/([a-z0-9]{2,5})\b/.exec(mime)?.[1];
  return ending === undefined ? name : `${name}.${ending}`;
}

function text64(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}
