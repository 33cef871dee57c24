import { stat } from 'node:fs/promises';
import type { OutboundDelivery, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import { cutText } from '#lib/cut.ts';
import { within } from '#lib/net/within.ts';
import { cleanFileName } from '#lib/text/file-name.ts';
import type { Desk } from './desk.ts';
import { normalAddress } from './read/address.ts';
import { messageIdsIn } from './read/headers.ts';
import { htmlToText } from './read/html.ts';
import { type EmailSettings, messageIdOf } from './settings.ts';
import { type Letter, type Posted, post } from './smtp.ts';
import { type ReplyMarks, type Threads, bareSubject } from './threads.ts';

type Found = Awaited<ReturnType<NonNullable<AdapterPort['lookup']>>>;

export interface SendDeps {
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly threads: Threads;
  readonly desk: Desk;
  /** Told of a login that is refused, with the reason, and of the first that is taken again. */
  onLogin(refused: string | null): void;
}

export const mostFileBytes = 20_000_000;
/** A refused login is not tried again so soon: providers lock who hammers. */
const loginAgainMs = 10 * 60_000;
const copyMs = 5_000;
const lookupMs = 50_000;
const subjectLength = 70;

/** One delivery → one mail over one connection → one tagged result, and a copy into the folder for sent mail. */
export function createSend(
  deps: SendDeps,
  settings: EmailSettings,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  const { clock } = deps;
  let shut: { readonly until: number; readonly why: string } | null = null;
  return async (delivery, signal) => {
    if (signal.aborted) return failed('transient', 'stopped before it began');
    const left = shut === null ? 0 : shut.until - clock.elapsed();
    if (shut !== null && left > 0) return closed(shut.why, left);
    const made = await letterOf(deps, settings, delivery).catch((error: unknown): SendResult =>
      failed('transient', messageOf(error)),
    );
    if (typeof made === 'string') return failed('permanent', made);
    if ('ok' in made) return made;
    const result: Posted = await post(deps, settings.smtp, { ...made.letter, signal });
    if ('refused' in result) {
      shut = { until: clock.elapsed() + loginAgainMs, why: result.refused };
      deps.onLogin(result.refused);
      return closed(result.refused, loginAgainMs);
    }
    if (shut !== null) deps.onLogin(null);
    shut = null;
    if (!result.ok) return result;
    await keepCopy(deps, made.letter, signal);
    await keepPlace(deps, delivery.address, made);
    return result;
  };
}

function closed(why: string, retryAfterMs: number): SendResult {
  return { ok: false, error: { type: 'rate-limited', retryAfterMs: Math.max(1, retryAfterMs), reason: why } };
}

function failed(type: 'transient' | 'permanent', reason: string): SendResult {
  return { ok: false, error: { type, reason } };
}

interface Made {
  readonly letter: Letter;
  readonly id: string;
  readonly subject: string;
}

/** The mail, or in words why there can be none. */
async function letterOf(
  deps: SendDeps,
  { address: own }: EmailSettings,
  { id: delivery, address, body }: OutboundDelivery,
): Promise<Made | string> {
  if (body.kind !== 'message' && body.kind !== 'file')
    return `a mail cannot be changed or taken back (${body.kind})`;
  const to = normalAddress(address.chat);
  if (to === null) return 'the chat is no mail address';
  const answers = body.kind === 'message' ? (messageIdsIn(body.replyTo).at(0) ?? null) : null;
  const marks = await deps.threads.marksFor(to, address.thread, answers);
  const words = wordsOf(body);
  const isAnswer = marks.inReplyTo !== null;
  const subject = isAnswer ? (marks.subject ?? '') : subjectFrom(words.text);
  const files = body.kind === 'file' ? await attachmentOf(body) : [];
  if (typeof files === 'string') return files;
  const id = messageIdOf(delivery, own);
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const node = new MailComposer({
    from: own,
    to,
    subject: isAnswer ? `Re: ${subject || 'your mail'}` : subject,
    messageId: `<${id}>`,
    date: new Date(deps.clock.now()),
    ...referencesOf(marks),
    headers: {
      'Auto-Submitted': isAnswer ? 'auto-replied' : 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    ...words,
    attachments: files,
    newline: '\r\n',
    disableUrlAccess: true,
  }).compile();
  const raw = await node.build();
  return { letter: { from: own, to, raw, messageId: `<${id}>` }, id, subject: bareSubject(subject) };
}

function referencesOf({ inReplyTo, references }: ReplyMarks): { inReplyTo?: string; references?: string[] } {
  if (inReplyTo === null) return {};
  return { inReplyTo: `<${inReplyTo}>`, references: references.map((id) => `<${id}>`) };
}

/** Text, and HTML where it was rendered: the text part says the same words as the HTML. */
function wordsOf(body: Extract<OutboundDelivery['body'], { kind: 'message' | 'file' }>): {
  readonly text: string;
  readonly html?: string;
} {
  if (body.kind === 'file') return { text: body.caption };
  if (body.dialect !== 'email-html') return { text: body.text };
  return {
    text: htmlToText(body.text).text,
    html: `<div style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5">\n${body.text}\n</div>`,
  };
}

/** What is written unasked is called by its first words. */
function subjectFrom(text: string): string {
  const line = text.split('\n').find((one) => /[\p{L}\p{N}]/u.test(one)) ?? '';
  const words = bareSubject(line.replace(/^[\s>•#*-]+/, ''));
  return words.length <= subjectLength
    ? words || 'A message'
    : `${cutText(words, subjectLength - 1).trim()}…`;
}

interface Attachment {
  readonly filename: string;
  readonly path: string;
  readonly contentType: string;
}

async function attachmentOf({
  path,
  name,
  mime,
}: Extract<OutboundDelivery['body'], { kind: 'file' }>): Promise<
  (readonly Attachment[] & Attachment[]) | string
> {
  try {
    const { size } = await stat(path);
    if (size > mostFileBytes)
      return `the file is larger than ${mostFileBytes / 1_000_000} MB, which mail does not carry`;
  } catch {
    return 'the file is gone';
  }
  const contentType = /^[\w.+-]+\/[\w.+-]+$/.test(mime) ? mime : 'application/octet-stream';
  return [{ filename: cleanFileName(name), path, contentType }];
}

/** It was sent: a store that refuses makes the next answer stand less well in its thread, and nothing else. */
async function keepPlace(
  { threads, log }: SendDeps,
  { chat, thread }: OutboundDelivery['address'],
  { id: messageId, subject }: Made,
): Promise<void> {
  try {
    await threads.said({ chat, thread, messageId }, subject);
  } catch (error) {
    log.warn('mail.no-place', { channel: 'email', messageId, why: messageOf(error) });
  }
}

/** Many servers keep what they send themselves: then there is one already. What goes wrong here changes nothing. */
async function keepCopy(deps: SendDeps, { raw, messageId }: Letter, signal: AbortSignal): Promise<void> {
  const { clock, desk, log } = deps;
  try {
    await within({ clock, ms: copyMs, signal }, async (both) => {
      const folder = await desk.sentFolder(both);
      if (folder === null) return;
      await desk.use(
        folder,
        async (client) => {
          const known = await client.search({ header: { 'message-id': messageId } }, { uid: true });
          if (known === false || known === undefined || known.length === 0)
            await client.append(folder, raw, ['\\Seen']);
        },
        both,
      );
    });
  } catch (error) {
    log.warn('mail.no-copy', { channel: 'email', messageId, why: messageOf(error) });
  }
}

/** In the folder for sent mail it was sent; that it is not there proves nothing. Never rejects. */
export function createLookup(
  deps: Pick<SendDeps, 'clock' | 'desk' | 'log'>,
  settings: EmailSettings,
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<Found> {
  const { clock, desk, log } = deps;
  return async ({ id }, signal) => {
    const messageId = `<${messageIdOf(id, settings.address)}>`;
    try {
      return await within({ clock, ms: lookupMs, signal }, async (both) => {
        const folder = await desk.sentFolder(both);
        if (folder === null) return { found: 'unknown' };
        const query = { header: { 'message-id': messageId } };
        const known = await desk.use(folder, (client) => client.search(query, { uid: true }), both);
        const isThere = known !== false && known !== undefined && known.length > 0;
        return isThere ? { found: 'sent', platformId: messageId } : { found: 'unknown' };
      });
    } catch (error) {
      log.warn('mail.no-lookup', { channel: 'email', messageId, why: messageOf(error) });
      return { found: 'unknown' };
    }
  };
}
