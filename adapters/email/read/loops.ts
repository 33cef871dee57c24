import type { Headers } from './headers.ts';

const machines =
  /^(?:mailer-daemon|postmaster|(?:do-?)?no-?t?-?reply|bounces?|listserv|majordomo)(?:[+.=-].*)?@/i;
const bulk = new Set(['bulk', 'list', 'junk', 'auto_reply']);

/**
 * Why a mail is the work of a machine, or null. Such mail is never answered: two that answer each other would never end
 * (RFC 3834). `from` is the address it says it is from.
 */
export function machineIn(headers: Headers, from: string): string | null {
  const value = (name: string): string => (headers.get(name) ?? '').toLowerCase().trim();
  const submitted = value('auto-submitted').replace(/[\s;(].*$/, '');
  if (submitted !== '' && submitted !== 'no') return 'an automatic mail (Auto-Submitted)';
  if (bulk.has(value('precedence'))) return 'an automatic mail (Precedence)';
  if (headers.has((name) => name.startsWith('list-'))) return 'mail of a mailing list';
  if (headers.has((name) => name === 'x-auto-response-suppress')) {
    return 'a mail that wants no answer (X-Auto-Response-Suppress)';
  }
  if (headers.has((name) => ['x-autoreply', 'x-autorespond', 'x-loop'].includes(name))) {
    return 'an automatic mail';
  }
  if (headers.get('return-path')?.replaceAll(/\s/g, '') === '<>')
    return 'a bounce or notice (no return path)';
  if (value('content-type').startsWith('multipart/report')) return 'a report of a mail server';
  return machines.test(from) ? 'mail of a machine' : null;
}

/** What a mail server says that it could not bring. */
export interface Bounce {
  /** Our delivery. */
  readonly delivery: string;
  readonly reason: string;
}

const searched = 256 * 1024;

/**
 * A report (RFC 3464) that a mail of ours failed for good; null: it is none, names no mail of ours, or says only that it
 * takes longer. `ours` takes a Message-ID apart.
 */
export function bounceIn(
  headers: Headers,
  raw: Uint8Array,
  ours: (messageId: string) => string | null,
): Bounce | null {
  const type = (headers.get('content-type') ?? '').toLowerCase();
  if (!type.startsWith('multipart/report') || !type.includes('delivery-status')) return null;
  const text = Buffer.from(raw.subarray(0, searched))
    .toString('latin1')
    .replaceAll(/\r?\n[ \t]+/g, ' ');
  const body = text.slice(Math.max(text.search(/\r?\n\r?\n/), 0));
  const field = (name: string): string =>
    new RegExp(`^${name}:[ \\t]*(.{0,500})`, 'im').exec(body)?.[1]?.trim() ?? '';
  if (field('action').toLowerCase() !== 'failed' || !field('status').startsWith('5')) return null;
  const named = [...body.matchAll(/^message-id:[ \t]*<([^<>\s]{1,250})>/gim)].map(([, id = '']) => ours(id));
  const delivery = named.find((id) => id !== null);
  if (delivery === undefined || delivery === null) return null;
  const said = field('diagnostic-code').replace(/^[\w-]+;\s*/, '') || `status ${field('status')}`;
  return { delivery, reason: `the mail server says: ${plain(said)}` };
}

/** Anybody who got a mail of ours can write a report on it, and the owner is told these words: they make no link and no list. */
function plain(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+|[[\]`*|\\]+/g, ' ')
    .slice(0, 300)
    .trim();
}
