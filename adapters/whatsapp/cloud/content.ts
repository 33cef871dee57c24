import type { FileRef } from '#core/event.ts';
import { onOneLine } from '#core/inbound/quote.ts';
import { cutText } from '#lib/cut.ts';
import type { Media, Parts } from './payload.ts';

export interface Content {
  readonly text: string;
  readonly files: readonly FileRef[];
}

const longestPart = 200;
const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'audio/ogg': 'ogg',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'audio/amr': 'amr',
  'video/mp4': 'mp4',
  'video/3gpp': '3gp',
};

/** What a message says, and its files; null where there is nothing to answer, such as a notice of WhatsApp's. */
export function contentOf(parts: Parts): Content | null {
  switch (parts.type) {
    case 'text':
      return parts.text === undefined ? null : { text: parts.text.body, files: [] };
    case 'image':
      return fileIn(parts.image, 'image', 'photo');
    case 'video':
      return fileIn(parts.video, 'video', 'video');
    case 'audio':
      return fileIn(parts.audio, 'audio', parts.audio?.voice === true ? 'voice' : 'audio');
    case 'document':
      return fileIn(parts.document, 'document', 'document');
    case 'sticker':
      return parts.sticker === undefined ? null : bracket('sticker');
    case 'location':
      return parts.location === undefined ? null : bracket(`location: ${placeIn(parts.location)}`);
    case 'contacts':
      return parts.contacts === undefined ? null : bracket(`contact: ${peopleIn(parts.contacts)}`);
    default:
      return null;
  }
}

function fileIn(media: Media | undefined, kind: FileRef['kind'], plainName: string): Content | null {
  if (media === undefined) return null;
  const [mime = ''] = media.mime_type.split(';');
  const extension = extensions[mime];
  const made = extension === undefined ? plainName : `${plainName}.${extension}`;
  const name = cutText(media.filename || made, 255);
  const file = {
    id: media.id,
    kind,
    name,
    mime: cutText(mime || 'application/octet-stream', 127),
    bytes: null,
  };
  return { text: media.caption ?? '', files: [file] };
}

function placeIn(location: NonNullable<Parts['location']>): string {
  const { latitude, longitude, name = '', address = '' } = location;
  const words = [name, address].filter((it) => it !== '').map((it) => onOneLine(it, longestPart));
  return `${latitude}, ${longitude}${words.length === 0 ? '' : ` (${words.join(', ')})`}`;
}

function peopleIn(contacts: NonNullable<Parts['contacts']>): string {
  const people = contacts.slice(0, 10).map(({ name, phones }) => {
    const numbers = phones.flatMap(({ phone }) => phone ?? []).slice(0, 3);
    return [name?.formatted_name ?? '', ...numbers].filter((it) => it !== '').join(', ');
  });
  return onOneLine(people.join('; '), 5 * longestPart);
}

function bracket(words: string): Content {
  return { text: `[${words}]`, files: [] };
}
