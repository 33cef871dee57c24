import { parseChatCommand } from '#core/command.ts';

export interface Words {
  /** What the person wrote, without what they answer and sign with. */
  readonly own: string;
  /** What they passed on or answered, as it stood there. */
  readonly quoted: string;
  readonly forwarded: boolean;
}

const longest = 1024 * 1024;
const mostLines = 20_000;

/** "On … wrote:" in the languages of the larger mail programs. The name and date before the verb may stand on two lines. */
const attribution =
  /^(?:>\s?)*(?:.{0,300}\s(?:wrote|writes|schrieb|geschrieben|a écrit|écrit|escribió|ha scritto|scrisse|schreef|escreveu|napisała?|skrev|kirjoitti|написала?|пише|пишет|yazdı|a scris|írta|napsala?|kirjutas|έγραψε|έγραψαν)(?:\s.{0,150})?|.{0,300}(?:写道|寫道|のメール|さんは書きました|님이 작성))\s*[:：]\s*$/iu;
const begins =
  /^(?:On|Am|Le|El|Il|Op|Em|W dniu|Den|Dne|On the|Il giorno|Dnia|Вт|Пн|Ср|Чт|Пт|Сб|Вс|В|\d{1,4}[./-])(?=[\s\d,])/iu;
const original =
  /^[\s>]*[-_=*]{2,}\s*(?:original message|original-nachricht|ursprüngliche nachricht|message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|oryginalna wiadomość|ursprungligt meddelande|исходное сообщение|original appointment)\s*[-_=*]{2,}\s*$/iu;
const passedOn =
  /^[\s>]*(?:[-_=*]{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|wiadomość przekazana|vidarebefordrat meddelande|пересылаемое сообщение|forwarded by .{0,80})\s*[-_=*]{2,}|(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato)\s*:)\s*$/iu;
const passedOnSubject = /^(?:(?:re|aw|sv|antw)\s*:\s*)*(?:fwd?|wg|tr|rv|i|doorst|enc|pd|vb|fw)\s*:/iu;
const from = /^[\s>*]*(?:from|von|de|da|van|od|från|fra|от)\s?\**\s?:\**\s/iu;
const field =
  /^[\s>*]*(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|assunto|wysłano|do|temat|skickat|till|ämne|отправлено|дата|кому|тема)\s?\**\s?:/iu;

/**
 * Takes what a person wrote in a mail apart from what they answer, pass on and sign with. Never throws, and takes time in
 * proportion to the text; of more than 1 MiB the rest is dropped.
 */
export function readWords(body: string, subject: string): Words {
  const text = visible(body.slice(0, longest));
  const lines = text.split('\n').slice(0, mostLines);
  const marked = lines.findIndex((line) => passedOn.test(line.slice(0, 200)));
  if (marked !== -1 || passedOnSubject.test(subject)) {
    return { own: '', quoted: text.trim(), forwarded: true };
  }
  const { own, quoted } = apart(lines);
  return { own: tidy(own), quoted: tidy(quoted), forwarded: false };
}

function apart(lines: readonly string[]): { own: readonly string[]; quoted: readonly string[] } {
  const own: string[] = [];
  const quoted: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.startsWith('>')) {
      quoted.push(line);
      continue;
    }
    if (/^-- ?$/.test(line)) {
      // A signature; what is quoted below it still is.
      quoted.push(...lines.slice(at + 1).filter((one) => one.startsWith('>')));
      break;
    }
    if (original.test(line.slice(0, 200)) || isHeaderBlock(lines, at)) {
      while (/^[\s_*-]*$/.test(own.at(-1) ?? 'x')) own.pop();
      quoted.push(...lines.slice(at));
      break;
    }
    const said = attributionAt(lines, at);
    if (said === 0) {
      own.push(line);
      continue;
    }
    quoted.push(...lines.slice(at, at + said));
    at += said - 1;
    if (!quoteFollows(lines, at + 1)) {
      quoted.push(...lines.slice(at + 1));
      break;
    }
  }
  return { own, quoted };
}

/** How many lines from here say who wrote what follows; 0: none. */
function attributionAt(lines: readonly string[], at: number): number {
  for (const count of [1, 2, 3]) {
    const said = lines.slice(at, at + count);
    const joined = said.join(' ');
    if (said.length < count || joined.length > 400 || said.some((line) => line.trim() === '')) return 0;
    if (!/[:：]\s*$/.test(joined)) continue;
    if (!attribution.test(joined)) return 0;
    // With nothing quoted below it must at least look like what a mail program writes: with a date.
    const isSure = (count === 1 || begins.test(joined)) && quoteFollows(lines, at + count);
    return isSure || (begins.test(joined) && /\d/.test(joined)) ? count : 0;
  }
  return 0;
}

function quoteFollows(lines: readonly string[], at: number): boolean {
  return (
    lines
      .slice(at, at + 3)
      .find((line) => line.trim() !== '')
      ?.startsWith('>') === true
  );
}

/** Outlook's way: From, Sent, To, Subject of what is answered, one below the other. */
function isHeaderBlock(lines: readonly string[], at: number): boolean {
  if (!from.test((lines[at] ?? '').slice(0, 300))) return false;
  const next = lines.slice(at + 1, at + 7).filter((line) => field.test(line.slice(0, 300)));
  return next.length >= 2;
}

/** Without characters that nobody sees: they hide words, or turn them around. Joiners stay between letters of scripts that need them. */
export function visible(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/(?!\u200C|\u200D)\p{Cf}|[\u{E0100}-\u{E01EF}]/gu, '')
    .replaceAll(/\u034F|\u115F|\u1160|\u17B4|\u17B5|\u3164|\uFFA0/g, '')
    .replaceAll(/(?<=^|\p{ASCII})(?:\u200C|\u200D)+|(?:\u200C|\u200D)+(?=\p{ASCII}|$)/gu, '')
    .replaceAll(/(?![\t\n])\p{Cc}/gu, '')
    .replaceAll('\u00A0', ' ')
    .toWellFormed();
}

function tidy(lines: readonly string[]): string {
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

export interface Said {
  readonly body: string;
  readonly subject: string;
  /** Of the first mail of a thread: later ones carry it on. */
  readonly first: boolean;
  /** Something that nobody sees was left out. */
  readonly hid: boolean;
}

/**
 * What is handed on: the own words, with the subject before those of a first mail. Passed on: behind `[forwarded] `. Where
 * nothing is left but what was answered: behind `[quoted] `. A command stands alone, and a subject is never one.
 */
export function sayWords({ body, subject, first, hid }: Said): string {
  const { own, quoted, forwarded } = readWords(body, subject);
  const about = subject === '' ? '' : `Subject: ${subject}\n\n`;
  const mark = hid ? '\n\n[hidden text was left out]' : '';
  if (forwarded) return `[forwarded] ${about}${quoted}${mark}`.trim();
  if (own === '') return `${quoted === '' ? about : `[quoted] ${first ? about : ''}${quoted}`}${mark}`.trim();
  if (own.startsWith('/') || parseChatCommand(own) !== null) return own;
  return `${first ? about : ''}${own}${mark}`;
}
