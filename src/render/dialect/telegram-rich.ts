import type { Block } from '../tree.ts';
import { createGfm } from '../write/gfm.ts';
import { writeMarkdown } from '../write/markdown.ts';
import { narrowed } from '../write/records.ts';
import type { Dialect } from './dialect.ts';

const style = createGfm({
  // HTML is read before backslashes are, so it takes entities; dollars are formulas, two equals signs mark.
  escape: (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/[$=]/g, String.raw`\$&`),
  code: (value) => value,
  // A link to a user is a mention of him.
  takes: (href) => !/^tg:\/\/(?!resolve\b)/i.test(href),
});

/**
 * Markdown of Telegram's rich messages (core.telegram.org/bots/api#rich-message-formatting-options): GitHub's, with
 * real tables and headings, up to 32,768 characters. A message holds 500 blocks, counting items and rows.
 */
export const telegramRich: Dialect = {
  name: 'telegram-rich',
  separator: '\n\n',
  block: (block) => writeMarkdown([block], style),
  adapt: (block) => narrowed(block, (table) => table.header.length > 20),
  load: (block) => blocksIn(block) / 480,
};

function blocksIn(block: Block): number {
  const all = (blocks: readonly Block[]): number => blocks.reduce((sum, inner) => sum + blocksIn(inner), 0);
  switch (block.type) {
    case 'list':
      return block.items.reduce((sum, item) => sum + 1 + all(item.children), 1);
    case 'table':
      return block.rows.length + 2;
    case 'quote':
      return 1 + all(block.children);
    case 'paragraph':
    case 'heading':
    case 'code':
    case 'rule':
      return 1;
  }
}
