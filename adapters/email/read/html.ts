import { entities } from './entities.ts';
import { type Sheet, lookOf, readSheet } from './style.ts';
import {
  type Open,
  type Page,
  type Shown,
  closeLink,
  closeTag,
  emptyPage,
  endPage,
  openTag,
  outermost,
  writeText,
} from './writer.ts';

const longest = 1024 * 1024;
const mostElements = 40_000;
const deepest = 300;
const voids = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'wbr',
]);
/** What stands in them is never shown. */
const silent = new Set([
  'script',
  'style',
  'head',
  'title',
  'template',
  'noscript',
  'iframe',
  'object',
  'svg',
  'math',
  'dialog',
  'canvas',
  'audio',
  'video',
  'noframes',
  'textarea',
  'select',
]);
const raw = new Set(['script', 'style', 'title', 'textarea', 'noscript', 'iframe']);

interface Reading {
  readonly source: string;
  readonly sheet: Sheet;
  readonly page: Page;
  readonly stack: Open[];
  /** Elements inside of the deepest that is read. */
  tooDeep: number;
  elements: number;
}

/**
 * HTML as text, as a person sees it: what is not shown (hidden, tiny, see-through, of the colour behind it, moved away) is
 * left out. Links are `label (target)`, quotations begin with `> `. Never throws; linear, of at most 1 MiB and 40,000
 * elements; what is nested deeper than 300 is left out.
 */
export function htmlToText(html: string): Shown {
  const source = html.slice(0, longest);
  const sheets = source.matchAll(/<style\b[^>]{0,500}>([^<]{0,60000})/gi);
  const reading: Reading = {
    source,
    sheet: readSheet([...sheets].map(([, css = '']) => css).join('\n')),
    page: emptyPage(),
    stack: [],
    tooDeep: 0,
    elements: 0,
  };
  let at = 0;
  while (at < source.length && reading.elements <= mostElements) {
    const open = source.indexOf('<', at);
    say(reading, source.slice(at, open === -1 ? source.length : open));
    at = open === -1 ? source.length : markupAt(reading, open);
  }
  return endPage(reading.page);
}

function say({ page, stack, tooDeep }: Reading, text: string): void {
  if (tooDeep === 0) writeText(page, text, stack.at(-1) ?? outermost);
}

/** Where it goes on behind the markup that begins here. */
function markupAt(reading: Reading, open: number): number {
  const { source } = reading;
  if (source.startsWith('<!--', open)) return after(source, '-->', open + 4);
  if (!/^<[/!?a-z]/i.test(source.slice(open, open + 2))) {
    say(reading, '<');
    return open + 1;
  }
  const end = endOfTag(source, open);
  const inside = source.slice(open + 1, end);
  const tag = /^\/?([a-z][a-z\d:-]{0,30})/i.exec(inside)?.[1]?.toLowerCase();
  if (tag === undefined) return end + 1;
  if (inside.startsWith('/')) close(reading, tag);
  else if (raw.has(tag)) return after(source, '>', indexOfClose(source, tag, end));
  else begin(reading, tag, inside);
  return end + 1;
}

function begin(reading: Reading, tag: string, inside: string): void {
  const { page, stack, sheet } = reading;
  const isEmpty = voids.has(tag) || inside.endsWith('/');
  reading.elements += 1;
  if (reading.tooDeep > 0 || stack.length >= deepest) {
    reading.tooDeep += isEmpty ? 0 : 1;
    return;
  }
  const attributes = attributesOf(inside);
  const outer = stack.at(-1) ?? outermost;
  const look = lookOf(outer.look, { tag, attributes }, sheet);
  const hidden = look.hidden || silent.has(tag);
  if (!hidden) openTag(page, tag, outer);
  if (isEmpty) return;
  stack.push({
    tag,
    look: { ...look, hidden },
    prefix: `${outer.prefix}${tag === 'blockquote' ? '> ' : ''}`,
    href: tag === 'a' ? (attributes.get('href') ?? null) : null,
    from: page.line.length,
    silent: outer.silent || silent.has(tag),
    pre: outer.pre || tag === 'pre',
    item: outer.item || tag === 'li',
    lists: outer.lists + (tag === 'ul' || tag === 'ol' ? 1 : 0),
  });
}

function close(reading: Reading, tag: string): void {
  const { page, stack } = reading;
  if (reading.tooDeep > 0) {
    reading.tooDeep -= 1;
    return;
  }
  const at = stack.findLastIndex((one) => one.tag === tag);
  // A closing tag without its opening one, or one that would close a whole table from within a cell.
  if (at === -1 || stack.length - at > 50) return;
  const [first] = stack.splice(at);
  if (first !== undefined && !first.look.hidden) closeLink(page, first);
  closeTag(page, tag, stack.at(-1) ?? outermost);
}

function after(source: string, what: string, from: number): number {
  const at = source.indexOf(what, from);
  return at === -1 ? source.length : at + what.length;
}

function indexOfClose(source: string, tag: string, from: number): number {
  const pattern = new RegExp(`</${tag}`, 'gi');
  pattern.lastIndex = from;
  return pattern.exec(source)?.index ?? source.length;
}

/** The `>` of a tag, which may not stand in the quotes of an attribute; a tag ends after 20,000 characters. */
function endOfTag(source: string, open: number): number {
  let quote = '';
  const limit = Math.min(source.length, open + 20_000);
  for (let at = open + 1; at < limit; at += 1) {
    const char = source.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (
      (char === '"' || char === "'") &&
      source.charAt(at - 1).trim() !== '' &&
      /=\s*$/.test(source.slice(Math.max(open, at - 5), at))
    )
      quote = char;
    else if (char === '>') return at;
  }
  return limit - 1;
}

function attributesOf(inside: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pattern = /([a-z][\w:-]{0,60})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi;
  for (const [, name = '', a, b, c] of inside
    .slice(0, 20_000)
    .replace(/^[^\s/]+/, '')
    .matchAll(pattern)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, entities(a ?? b ?? c ?? ''));
    if (found.size > 100) break;
  }
  return found;
}
