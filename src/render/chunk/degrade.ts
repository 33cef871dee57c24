import { spelledText } from '../inline.ts';
import type { Block, Inline } from '../tree.ts';
import { recordsOf } from '../write/records.ts';
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
      return [recordsOf(block)];
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
