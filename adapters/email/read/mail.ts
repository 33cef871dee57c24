import { finished } from 'node:stream/promises';
import type { AttachmentStream, MailParser, MessageText } from 'mailparser';
import type { FileRef } from '#core/event.ts';
import { cleanFileName } from '#lib/text/file-name.ts';
import { htmlToText } from './html.ts';

export interface Body {
  readonly text: string;
  /** Something that nobody sees was left out. */
  readonly hid: boolean;
  readonly files: readonly FileRef[];
  /** Files over the number that is handed on. */
  readonly more: number;
}

/** `ignoreEmbedded`: a mail within the mail is a file, whose words are never those of the sender. */
const parsing = {
  ignoreEmbedded: true,
  keepDeliveryStatus: true,
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
};
const mostFiles = 20;
const mostText = 2 * 1024 * 1024;

/**
 * The words and files of a mail: its plain text, or else its HTML as a person sees it. `place` is where the mail is: the id
 * of a file is `place/part`. Rejects for what no mail parser can read.
 */
export async function readBody(raw: Uint8Array, place: string): Promise<Body> {
  const { words, attachments } = await partsOf(raw);
  const plain = (words.text ?? '').slice(0, mostText);
  const html = typeof words.html === 'string' ? words.html : '';
  const shown = plain.trim() === '' && html !== '' ? htmlToText(html) : { text: plain, hid: false };
  const files = attachments.map((attachment): FileRef => {
    const part: unknown = Reflect.get(attachment, 'partId');
    const mime = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.exec(attachment.contentType)?.[0].toLowerCase();
    return {
      id: `${place}/${typeof part === 'string' && /^\d+(?:\.\d+)*$/.test(part) ? part : '1'}`,
      kind: kindOf(mime ?? ''),
      name: cleanFileName(attachment.filename ?? nameFor(mime ?? '')),
      mime: mime ?? 'application/octet-stream',
      bytes: attachment.size,
    };
  });
  return { ...shown, files: files.slice(0, mostFiles), more: Math.max(0, files.length - mostFiles) };
}

interface Parts {
  readonly words: Pick<MessageText, 'text' | 'html'>;
  readonly attachments: readonly AttachmentStream[];
}

async function partsOf(raw: Uint8Array): Promise<Parts> {
  const { MailParser: Parser } = await import('mailparser');
  const parser = new Parser(parsing);
  keepNamedTexts(parser);
  let words: Parts['words'] = {};
  const attachments: AttachmentStream[] = [];
  parser.on('data', (data) => {
    if (data.type === 'text') words = data;
    else {
      attachments.push(data);
      // Its size is known when all of it went through.
      data.content.on('data', () => undefined).on('end', () => data.release());
    }
  });
  parser.end(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  await finished(parser);
  return { words, attachments };
}

/**
 * A text with a name, and a mail in a digest, are files, also where they are to be shown in their place: their words may be
 * anybody's. The parser would put them behind those of the sender.
 */
function keepNamedTexts(parser: MailParser): void {
  const create: unknown = Reflect.get(parser, 'createNode');
  if (typeof create !== 'function') throw new Error('The mail parser is another one than this was made for.');
  const createNode = (part: object): unknown => {
    const get = (of: unknown, name: string): unknown =>
      typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
    const isOthers = Boolean(get(part, 'filename')) || get(get(part, 'parentNode'), 'multipart') === 'digest';
    if (isOthers && get(part, 'root') !== true) Reflect.set(part, 'disposition', 'attachment');
    return Reflect.apply(create, parser, [part]);
  };
  Object.assign(parser, { createNode });
}

function kindOf(mime: string): FileRef['kind'] {
  const [family = ''] = mime.split('/');
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
}

function nameFor(mime: string): string {
  if (mime === 'message/rfc822') return 'mail.eml';
  if (mime === 'text/calendar') return 'invitation.ics';
  return `file.${
    mime
      .split('/')[1]
      ?.replace(/[^a-z0-9]/g, '')
      .slice(0, 8) || 'bin'
  }`;
}
