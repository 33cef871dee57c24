import { leafText } from '../inline.ts';
import type { Block, Cell, Inline, Item, List, Styled, Table } from '../tree.ts';

/**
 * The tree as Markdown again: the source of a chunk. It need not be pretty; parsed again it says the same in every
 * dialect. So text is escaped wherever it could be read as markup, and white space at edges is written as entities.
 */
type Bullet = '-' | '*';

/** Blocks in a row. Two lists after each other take different markers, or they would become one. */
export function blocksToMarkdown(blocks: readonly Block[]): string {
  let last: { readonly ordered: boolean; readonly bullet: Bullet } | null = null;
  const parts: string[] = [];
  for (const block of blocks) {
    const ordered = block.type === 'list' && block.start !== null;
    const bullet: Bullet = last !== null && last.ordered === ordered && last.bullet === '-' ? '*' : '-';
    parts.push(blockSource(block, bullet));
    last = block.type === 'list' ? { ordered, bullet } : null;
  }
  return parts.join('\n\n');
}

function blockSource(block: Block, bullet: Bullet): string {
  switch (block.type) {
    case 'paragraph':
      return inlineLines(block.children);
    case 'heading':
      return `${'#'.repeat(block.depth)} ${inlineLines(block.children)}`;
    case 'code':
      return codeSource(block.lang, block.value);
    case 'quote':
      return prefixed(blocksToMarkdown(block.children), '> ');
    case 'list':
      return listSource(block, bullet);
    case 'table':
      return tableSource(block);
    case 'rule':
      return '___'; // the only rule that no bullet turns into another one
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

function listSource(list: List, bullet: Bullet): string {
  return list.items
    .map((item, i) => {
      // Nine digits are the most a number may have.
      const number = list.start === null ? null : Math.min(list.start + i, 999_999_999);
      const marker = number === null ? bullet : `${number}${bullet === '-' ? '.' : ')'}`;
      return itemSource(item, marker);
    })
    .join('\n');
}

function itemSource(item: Item, marker: string): string {
  const box = item.checked === null ? '' : `[${item.checked ? 'x' : ' '}] `;
  const inner = (box + blocksToMarkdown(item.children)).replace(
    /\n(?=[^\n])/g,
    `\n${' '.repeat(marker.length + 1)}`,
  );
  return inner === '' ? marker : `${marker} ${inner}`;
}

function tableSource(table: Table): string {
  const columns = Math.max(1, table.header.length);
  const row = (cells: readonly Cell[]): string => `| ${cells.map(cellSource).join(' | ')} |`;
  const dashes = { left: ':--', right: '--:', center: ':-:', none: '---' };
  const line = Array.from({ length: columns }, (_, i) => dashes[table.align[i] ?? 'none']);
  return [row(table.header), `| ${line.join(' | ')} |`, ...table.rows.map(row)].join('\n');
}

function cellSource(cell: Cell): string {
  return inlineSource(cell, { inCell: true, before: '', after: '' }).replace(/\n/g, ' ');
}

/** Inline content as lines of a paragraph: nothing at the start of a line may open a block. */
function inlineLines(inlines: readonly Inline[]): string {
  return inlineSource(inlines, { inCell: false, before: '', after: '' })
    .replace(/^[^\S\n]|[^\S\n]$/gm, entity)
    .replace(/\n(?=\n)|^\n|\n$/g, entity)
    .replace(/^(\d{1,9})(?=[.)])/gm, '$1\\')
    .replace(/^(?=[-+=:])/gm, '\\');
}

interface Where {
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
      return escapeText(node.value);
    case 'code':
      return codeSpan(node.value, where);
    case 'break':
      return '<br>';
    case 'link': {
      if (leafText(node.children) === node.href) return `<${node.href}>`;
      const label = inlineSource(node.children, { ...where, before: '[', after: ']' });
      return `[${label}](<${node.href.replaceAll('&', String.raw`\&`)}>)`;
    }
    case 'strong':
    case 'emphasis':
    case 'strike':
      return styledSource(node, where);
  }
}

const wordLike = /[^\s\p{P}\p{S}]/u;

/**
 * A delimiter between a letter and punctuation does not count as one. That a node stands there all the same is rare (a
 * link is written with a bracket now, a delimiter is escaped); then the words matter more than their style.
 */
function styledSource(node: Styled, where: Where): string {
  const delimiter = node.type === 'emphasis' ? node.marker : node.marker.repeat(2);
  const inner = inlineSource(node.children, { ...where, before: delimiter, after: delimiter }).replace(
    /^\s|\s$/g,
    entity,
  );
  const opens = wordLike.test(inner.charAt(0)) || !wordLike.test(where.before);
  const closes = wordLike.test(inner.slice(-1)) || !wordLike.test(where.after);
  return opens && closes ? delimiter + inner + delimiter : inlineSource(node.children, where);
}

function codeSpan(value: string, where: Where): string {
  // A backslash before a bar cannot be written in a cell's code.
  if (where.inCell && /\\\|/.test(value)) return escapeText(value);
  const runs = new Set((value.match(/`+/g) ?? []).map((run) => run.length));
  let ticks = 1;
  while (runs.has(ticks)) ticks += 1;
  const fence = '`'.repeat(ticks);
  // One blank at both ends is taken away by the parser, and a tick at an end would join the fence.
  const stripped = value.startsWith(' ') && value.endsWith(' ') && value.trim() !== '';
  const padded = stripped || value.startsWith('`') || value.endsWith('`') ? ` ${value} ` : value;
  return fence + (where.inCell ? padded.replaceAll('|', String.raw`\|`) : padded) + fence;
}

function escapeText(text: string): string {
  return text
    .replace(/[\\`*_[\]<>&~|#]/g, String.raw`\$&`)
    .replace(/!$/, String.raw`\!`)
    .replace(/:(?=\/\/)/g, String.raw`\:`)
    .replace(/www\./gi, (match) => `${match.slice(0, -1)}\\.`)
    .replace(/\t/g, '&#9;');
}

function entity(space: string): string {
  return `&#${space.charCodeAt(0)};`;
}
