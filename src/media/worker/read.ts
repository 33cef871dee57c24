import { cutText } from '#lib/cut.ts';
import type { Answer, Question } from '../protocol.ts';
import { docxMime, docxText } from './docx.ts';
import { type Kind, mismatch, sniff } from './kind.ts';
import { pdfText } from './pdf.ts';
import { checkPicture, keepPicture } from './picture.ts';
import { textOf } from './text.ts';
import { namesIn } from './zip.ts';

/** Of one file so much is kept as text. */
const mostChars = 200_000;

/** bytes → what they are (never by name or claim) → words, a kept picture, a recording, or in words why none. */
export async function readFile(question: Question): Promise<Answer> {
  const { bytes } = question;
  if (bytes.byteLength === 0) return unreadable(unknown, 'it is empty');
  const sniffed = await sniff(bytes);
  const kind = sniffed === 'zip' ? zipKind(bytes) : sniffed;
  if (kind === null || kind.family === 'text') return plain(question);
  const odd = mismatch(kind, question);
  switch (kind.family) {
    case 'pdf':
      return words(kind, odd, await pdfText(bytes, mostChars).catch(damaged));
    case 'docx':
      return words(kind, odd, await docxText(bytes).catch(damaged));
    case 'picture':
      return picture(question, kind, odd);
    case 'audio':
      return { outcome: 'audio', mime: kind.mime, bytes };
    case 'video':
      return unreadable(kind, withNote(odd, `it is a video (${kind.mime}), which I cannot watch`));
    case 'archive':
    case 'other':
      return unreadable(kind, withNote(odd, `it is of the type ${kind.mime}, which I cannot read`));
  }
}

const unknown: Kind = { family: 'other', mime: 'application/octet-stream' };

function zipKind(bytes: Uint8Array): Kind {
  const names = namesIn(bytes);
  if (names?.includes('word/document.xml') === true) return { family: 'docx', mime: docxMime };
  if (names?.includes('xl/workbook.xml') === true) {
    return { family: 'other', mime: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' };
  }
  if (names?.includes('ppt/presentation.xml') === true) {
    return {
      family: 'other',
      mime: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    };
  }
  return { family: 'archive', mime: 'application/zip' };
}

function plain(question: Question): Answer {
  const found = textOf(question.bytes);
  if (found === null) {
    const odd = mismatch(unknown, question);
    return unreadable(unknown, withNote(odd, 'it is no text, and its type is unknown to me'));
  }
  const kind: Kind = { family: 'text', mime: found.mime };
  return words(kind, mismatch(kind, question), { ok: true, text: found.text });
}

type Read = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

function words(kind: Kind, odd: string, read: Read): Answer {
  if (!read.ok) return unreadable(kind, withNote(odd, read.why));
  const text = read.text.toWellFormed().trim();
  if (text === '') {
    const why = kind.family === 'pdf' ? 'it holds no text: its pages may be pictures' : 'it holds no text';
    return unreadable(kind, withNote(odd, why));
  }
  const kept = cutText(text, mostChars);
  const cut = kept === text ? '' : `\n[The file is longer: the rest was not kept.]`;
  const note = odd === '' ? '' : `[${odd}]\n`;
  return { outcome: 'text', mime: kind.mime, text: `${note}${kept}${cut}` };
}

function picture({ bytes, keepAs }: Question, kind: Kind, odd: string): Answer {
  const checked = checkPicture(bytes, kind.mime);
  if (!checked.ok) return unreadable(kind, withNote(odd, checked.why));
  keepPicture(bytes, `${keepAs}.${checked.extension}`);
  return { outcome: 'image', extension: checked.extension, note: odd };
}

function unreadable({ mime }: Kind, why: string): Answer {
  return { outcome: 'unreadable', mime, why };
}

function withNote(odd: string, why: string): string {
  return odd === '' ? why : `${why}. ${odd}`;
}

/** Whatever the reader stumbled over is in the file. */
function damaged(): Read {
  return { ok: false, why: 'it is damaged' };
}
