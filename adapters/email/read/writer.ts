import { entities } from './entities.ts';
import { type Look, plainLook } from './style.ts';

export interface Shown {
  readonly text: string;
  /** Something was left out that a person would not see. */
  readonly hid: boolean;
}

/** An element that is open. */
export interface Open {
  readonly tag: string;
  readonly look: Look;
  /** What its lines begin with, inside of it. */
  readonly prefix: string;
  readonly href: string | null;
  readonly from: number;
  /** Inside of what is never shown, of `pre`, of an item; in how many lists. */
  readonly silent: boolean;
  readonly pre: boolean;
  readonly item: boolean;
  readonly lists: number;
}

export const outermost: Open = {
  tag: '',
  look: plainLook,
  prefix: '',
  href: null,
  from: 0,
  silent: false,
  pre: false,
  item: false,
  lists: 0,
};

/** A line that is longer goes on in the next one. */
const longestLine = 20_000;
const blocks = new Set(
  'address article aside blockquote center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
/** With an empty line before and behind. */
const spaced = new Set([
  'p',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'pre',
  'blockquote',
  'table',
  'ul',
  'ol',
  'dl',
]);

/** A page that is put down line by line. */
export interface Page {
  out: string;
  line: string;
  // Asking the line itself would copy it each time.
  hasInk: boolean;
  endsBlank: boolean;
  hid: boolean;
  /** Line ends before the next line; 2: an empty one. */
  gap: number;
  /** What the last line began with. */
  before: string;
}

export function emptyPage(): Page {
  return { out: '', line: '', hasInk: false, endsBlank: true, hid: false, gap: 0, before: '' };
}

function write(page: Page, piece: string): void {
  if (piece === '') return;
  page.line += piece;
  page.hasInk ||= piece.trim() !== '';
  page.endsBlank = piece.endsWith(' ');
}

function renew(page: Page, next: string): void {
  page.line = '';
  page.hasInk = false;
  page.endsBlank = true;
  write(page, next);
}

function breakLine(page: Page, prefix: string, lines: number): void {
  if (!page.hasInk) {
    page.gap = Math.max(page.gap, lines);
    renew(page, '');
    return;
  }
  // An empty line between two of a quotation is a part of it.
  const between = prefix.startsWith(page.before) ? page.before : prefix;
  if (page.out !== '') page.out += page.gap === 2 ? `\n${between.trimEnd()}\n` : '\n';
  page.out += `${prefix}${page.line.trimEnd()}`;
  page.before = prefix;
  page.gap = lines;
  renew(page, '');
}

export function writeText(page: Page, piece: string, { look, silent, pre, prefix }: Open): void {
  if (piece === '') return;
  if (look.hidden) {
    page.hid ||= !silent && /[\p{L}\p{N}]/u.test(entities(piece));
    return;
  }
  const words = entities(piece);
  if (!pre) {
    const flat = words.replaceAll(/[\s\u00A0]+/g, ' ');
    write(page, page.endsBlank ? flat.replace(/^ /, '') : flat);
    if (page.line.length > longestLine) breakLine(page, prefix, 1);
    return;
  }
  const [first = '', ...rest] = words.split(/\r?\n/);
  write(page, first);
  for (const next of rest) {
    if (!page.hasInk) page.out += page.out === '' ? '' : '\n';
    breakLine(page, prefix, 1);
    renew(page, next);
  }
}

/** An element begins inside of `outer`. */
export function openTag(page: Page, tag: string, { prefix, item, lists }: Open): void {
  if (tag === 'br') breakLine(page, prefix, page.hasInk ? 1 : 2);
  else if (tag === 'td' || tag === 'th') write(page, page.hasInk ? ' | ' : '');
  else if (blocks.has(tag)) breakLine(page, prefix, spaced.has(tag) && !item ? 2 : 1);
  if (tag === 'li') renew(page, `${'  '.repeat(Math.max(0, lists - 1))}• `);
  if (tag === 'hr') {
    renew(page, '---');
    breakLine(page, prefix, 1);
  }
}

/** An element ends; it goes on inside of `outer`. */
export function closeTag(page: Page, tag: string, { prefix, item }: Open): void {
  if (tag === 'blockquote') breakLine(page, `${prefix}> `, 2);
  else if (blocks.has(tag)) breakLine(page, prefix, spaced.has(tag) && !item ? 2 : 1);
}

/** Where a link goes to, behind its label. */
export function closeLink(page: Page, { href, from }: Open): void {
  if (href === null || !/^(?:https?|mailto):/i.test(href)) return;
  const label = page.line.slice(from).trim();
  const target = entities(href).replaceAll(/\s/g, '').slice(0, 2_000);
  const bare = (it: string): string => it.replace(/^mailto:/i, '').replace(/\/$/, '');
  if (label !== '' && bare(target) !== bare(label)) renew(page, `${page.line.trimEnd()} (${target})`);
}

export function endPage(page: Page): Shown {
  breakLine(page, '', 1);
  return { text: page.out.trim(), hid: page.hid };
}
