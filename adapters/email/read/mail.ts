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
  const { simpleParser } = await import('mailparser');
  const mail = await simpleParser(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), parsing);
  const plain = (mail.text ?? '').slice(0, mostText);
  const html = typeof mail.html === 'string' ? mail.html : '';
  const shown = plain.trim() === '' && html !== '' ? htmlToText(html) : { text: plain, hid: false };
  const files = mail.attachments.flatMap((attachment): FileRef[] => {
    const part: unknown = Reflect.get(attachment, 'partId');
    const mime = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.exec(attachment.contentType)?.[0].toLowerCase();
    return [
      {
        id: `${place}/${typeof part === 'string' && /^\d+(?:\.\d+)*$/.test(part) ? part : '1'}`,
        kind: kindOf(mime ?? ''),
        name: cleanFileName(attachment.filename ?? nameFor(mime ?? '')),
        mime: mime ?? 'application/octet-stream',
        bytes: attachment.size,
      },
    ];
  });
  return { ...shown, files: files.slice(0, mostFiles), more: Math.max(0, files.length - mostFiles) };
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
