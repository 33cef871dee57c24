import { leafText, spelledText, trimInlines } from '../inline.ts';
import type { Block, Cell, Inline, Table } from '../tree.ts';
import { itemsFrom } from './split.ts';

/**
 * The same said with less markup, one step at a time, for a block of which nothing fits: its frame alone is too large
 * (a table of long cells, a link with a long target, deep nesting under a small limit). Null where no markup is left.
 */
export function degrade(block: Block): readonly Block[] | null {
  switch (block.type) {
    case 'paragraph':
      return isPlain(block.children) ? null : [textParagraph(spelledText(block.children))];
    case 'heading':
      return [{ type: 'paragraph', children: block.children }];
    case 'code':
      return block.lang === null
        ? block.value.split(/\n\s*\n/).map(textParagraph)
        : [{ ...block, lang: null }];
    case 'quote':
      return block.children;
    case 'list':
      return [...(block.items[0]?.children ?? []), ...itemsFrom(block, 1)];
    case 'table':
      return tableRecords(block);
    case 'rule':
      return [];
  }
}

const isPlain = (inlines: readonly Inline[]): boolean =>
  inlines.every((node) => node.type === 'text' || node.type === 'break');

const textParagraph = (text: string): Block => ({
  type: 'paragraph',
  children: [{ type: 'text', value: text.trim() }],
});

/** Every row as a paragraph with a line for each cell, the column's name in front of it. */
function tableRecords(table: Table): readonly Block[] {
  if (table.rows.length === 0) {
    return table.header.map((cell): Block => ({ type: 'paragraph', children: cell })).filter(hasText);
  }
  return table.rows
    .map((row): Block => ({ type: 'paragraph', children: recordOf(table.header, row) }))
    .filter(hasText);
}

function recordOf(header: readonly Cell[], row: readonly Cell[]): readonly Inline[] {
  const columns = Array.from({ length: Math.max(header.length, row.length) }, (_, i) => i);
  const lines = columns.map((i): readonly Inline[] => {
    const name = leafText(header[i] ?? []);
    return [...(name === '' ? [] : [{ type: 'text' as const, value: `${name}: ` }]), ...(row[i] ?? [])];
  });
  return trimInlines(lines.flatMap((line, i) => (i === 0 ? line : [{ type: 'break' as const }, ...line])));
}

const hasText = (block: Block): boolean =>
  block.type === 'paragraph' && leafText(block.children).trim() !== '';
