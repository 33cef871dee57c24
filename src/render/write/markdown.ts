import { leafText } from '../inline.ts';
import type { Block, Cell, Inline, Item, Link, List, Styled, Table } from '../tree.ts';

/** What differs between the kinds of Markdown that a tree is written as. */
export interface MarkdownStyle {
  /** A run of text, escaped wherever it could be read as markup. Its line ends stay. */
  text(value: string): string;
  /** What stands between the ticks of code, which knows no escapes. */
  code(value: string): string;
  link(link: Link, label: string): string;
  readonly hardBreak: string;
  /** Where a style had to go and words would join to something they were not. */
  readonly seam: string;
  /** A last look at the finished lines of a paragraph or a heading. */
  lines(text: string): string;
  readonly rule: string;
  /** A list stands directly below the words of its item. */
  readonly tight: boolean;
}

type Bullet = '-' | '*';

/** Blocks as Markdown. Two lists after each other take different markers, or they would become one. */
export function writeMarkdown(blocks: readonly Block[], style: MarkdownStyle): string {
  let last: Block | null = null;
  let bullet: Bullet = '-';
  let text = '';
  for (const block of blocks) {
    bullet = last !== null && isSameKind(last, block) && bullet === '-' ? '*' : '-';
    const separator = last === null ? '' : style.tight && continues(last, block) ? '\n' : '\n\n';
    text += separator + blockSource(block, bullet, style);
    last = block;
  }
  return text;
}

const isSameKind = (a: Block, b: Block): boolean =>
  a.type === 'list' && b.type === 'list' && (a.start === null) === (b.start === null);

/** A list may follow a paragraph without a blank line, if it has bullets or begins at 1 and its first item has words. */
const continues = (a: Block, b: Block): boolean =>
  a.type === 'paragraph' &&
  b.type === 'list' &&
  (b.start === null || b.start === 1) &&
  b.items[0]?.children[0]?.type === 'paragraph';

function blockSource(block: Block, bullet: Bullet, style: MarkdownStyle): string {
  switch (block.type) {
    case 'paragraph':
      return inlineLines(block.children, style);
    case 'heading':
      return `${'#'.repeat(block.depth)} ${inlineLines(block.children, style)}`;
    case 'code':
      return codeSource(block.lang, style.code(block.value));
    case 'quote':
      return prefixed(writeMarkdown(block.children, style), '> ');
    case 'list':
      return listSource(block, bullet, style);
    case 'table':
      return tableSource(block, style);
    case 'rule':
      return style.rule;
  }
}

function codeSource(lang: string | null, value: string): string {
  let fence = '```';
  while (value.includes(fence)) fence += '`';
  return `${fence}${lang ?? ''}\n${value}\n${fence}`;
}

function prefixed(text: string, prefix: string): string {
  return text.replace(/^/gm, prefix);
}

function listSource(list: List, bullet: Bullet, style: MarkdownStyle): string {
  return list.items
    .map((item, i) => {
      // Nine digits are the most a number may have.
      const number = list.start === null ? null : Math.min(list.start + i, 999_999_999);
      const marker = number === null ? bullet : `${number}${bullet === '-' ? '.' : ')'}`;
      return itemSource(item, marker, style);
    })
    .join('\n');
}

function itemSource(item: Item, marker: string, style: MarkdownStyle): string {
  const box = item.checked === null ? '' : `[${item.checked ? 'x' : ' '}] `;
  const inner = (box + writeMarkdown(item.children, style)).replace(
    /\n(?=[^\n])/g,
    `\n${' '.repeat(marker.length + 1)}`,
  );
  return inner === '' ? marker : `${marker} ${inner}`;
}

function tableSource(table: Table, style: MarkdownStyle): string {
  const columns = Math.max(1, table.header.length);
  const row = (cells: readonly Cell[]): string =>
    `| ${cells.map((cell) => cellSource(cell, style)).join(' | ')} |`;
  const dashes = { left: ':--', right: '--:', center: ':-:', none: '---' };
  const line = Array.from({ length: columns }, (_, i) => dashes[table.align[i] ?? 'none']);
  return [row(table.header), `| ${line.join(' | ')} |`, ...table.rows.map(row)].join('\n');
}

function cellSource(cell: Cell, style: MarkdownStyle): string {
  return inlineSource(cell, { style, inCell: true, before: '', after: '' }).replace(/\n/g, ' ');
}

function inlineLines(inlines: readonly Inline[], style: MarkdownStyle): string {
  return style.lines(inlineSource(inlines, { style, inCell: false, before: '', after: '' }));
}

interface Where {
  readonly style: MarkdownStyle;
  readonly inCell: boolean;
  /** What stands directly before and behind; empty at the ends of a line. */
  readonly before: string;
  readonly after: string;
}

function inlineSource(inlines: readonly Inline[], where: Where): string {
  let source = '';
  for (const [i, node] of inlines.entries()) {
    const next = inlines[i + 1];
    const after = next === undefined ? where.after : next.type === 'text' ? next.value.charAt(0) : '*';
    source += nodeSource(node, { ...where, before: source === '' ? where.before : source.slice(-1), after });
  }
  return source;
}

function nodeSource(node: Inline, where: Where): string {
  switch (node.type) {
    case 'text':
      return where.style.text(node.value);
    case 'code':
      return codeSpan(node.value, where);
    case 'break':
      return where.style.hardBreak;
    case 'link':
      return where.style.link(node, inlineSource(node.children, { ...where, before: '[', after: ']' }));
    case 'strong':
    case 'emphasis':
    case 'strike':
      return styledSource(node, where);
  }
}

const wordLike = /[^\s\p{P}\p{S}]/u;

/**
 * White space stands outside of the delimiters, or they would not count. A delimiter between a letter and punctuation
 * does not count either. That a node stands there all the same is rare (a link is written with a bracket now, a
 * delimiter is escaped); then the words matter more than their style.
 */
function styledSource(node: Styled, where: Where): string {
  const delimiter = node.type === 'emphasis' ? node.marker : node.marker.repeat(2);
  const whole = inlineSource(node.children, { ...where, before: delimiter, after: delimiter });
  const inner = whole.trim();
  if (inner === '') return whole;
  const from = whole.length - whole.trimStart().length;
  const [lead, trail] = [whole.slice(0, from), whole.slice(from + inner.length)];
  const opens = wordLike.test(inner.charAt(0)) || !wordLike.test(lead.slice(-1) || where.before);
  const closes = wordLike.test(inner.slice(-1)) || !wordLike.test(trail.charAt(0) || where.after);
  if (opens && closes) return lead + delimiter + inner + delimiter + trail;
  const { seam } = where.style;
  return seam + inlineSource(node.children, where) + seam;
}

function codeSpan(value: string, where: Where): string {
  // A backslash before a bar cannot be written in a cell's code.
  if (where.inCell && /\\\|/.test(value)) return where.style.text(value);
  const runs = new Set((value.match(/`+/g) ?? []).map((run) => run.length));
  let ticks = 1;
  while (runs.has(ticks)) ticks += 1;
  const fence = '`'.repeat(ticks);
  // One blank at both ends is taken away by the parser, and a tick at an end would join the fence.
  const stripped = value.startsWith(' ') && value.endsWith(' ') && value.trim() !== '';
  const content = where.style.code(value);
  const padded = stripped || value.startsWith('`') || value.endsWith('`') ? ` ${content} ` : content;
  return fence + (where.inCell ? padded.replaceAll('|', String.raw`\|`) : padded) + fence;
}

/**
 * The tree as Markdown again: the source of a chunk. It need not be pretty; parsed again it says the same in every
 * dialect. So text is escaped wherever it could be read as markup, and white space at edges is written as entities.
 */
export function blocksToMarkdown(blocks: readonly Block[]): string {
  return writeMarkdown(blocks, ownStyle);
}

const ownStyle: MarkdownStyle = {
  text: (value) =>
    value
      .replace(/[\\`*_[\]<>&~|#]/g, String.raw`\$&`)
      .replace(/!$/, String.raw`\!`)
      .replace(/:(?=\/\/)/g, String.raw`\:`)
      .replace(/www\./gi, (match) => `${match.slice(0, -1)}\\.`)
      .replace(/\t/g, '&#9;'),
  code: (value) => value,
  link: (link, label) =>
    leafText(link.children) === link.href
      ? `<${link.href}>`
      : `[${label}](<${link.href.replaceAll('&', String.raw`\&`)}>)`,
  hardBreak: '<br>',
  seam: '',
  // Nothing at the start of a line may open a block.
  lines: (text) =>
    text
      .replace(/^[^\S\n]|[^\S\n]$/gm, entity)
      .replace(/\n(?=\n)|^\n|\n$/g, entity)
      .replace(/^(\d{1,9})(?=[.)])/gm, '$1\\')
      .replace(/^(?=[-+=:])/gm, '\\'),
  rule: '___', // the only rule that no bullet turns into another one
  tight: false,
};

function entity(space: string): string {
  return `&#${space.charCodeAt(0)};`;
}
