import { leafLength } from '../inline.ts';
import type { Block, Table } from '../tree.ts';
import { createGfm } from '../write/gfm.ts';
import { writeMarkdown } from '../write/markdown.ts';
import { quietSlackNames, quietSlackTokens } from '../write/mentions.ts';
import { narrowed } from '../write/records.ts';
import type { Dialect } from './dialect.ts';

const style = createGfm({
  // Slack reads its tokens in angle brackets out of Markdown too, and shows entities as the characters they mean. An
  // ampersand is one where it could begin an entity.
  escape: (text) =>
    quietSlackNames(
      text
        .replace(/&(?=#?\w{1,32};)/g, '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;'),
    ),
  code: quietSlackTokens,
  takes: (href) => /^(?:https?|mailto):/i.test(href),
});

/**
 * Text of Slack's `markdown` block: standard Markdown with tables, tasks, rules and languages of code
 * (docs.slack.dev/reference/block-kit/blocks/markdown-block). Slack turns it into blocks of its own; of tables it takes
 * 100 rows, 20 columns and 10,000 characters a message, of blocks 50.
 */
export const slackMarkdown: Dialect = {
  name: 'slack-markdown',
  separator: '\n\n',
  block: (block) => writeMarkdown([block], style),
  adapt: (block) => narrowed(block, (table) => table.header.length > 20),
  load: loadOf,
};

function loadOf(block: Block): number {
  switch (block.type) {
    case 'table':
      return Math.max(1 / 45, (block.rows.length + 1) / 95, charactersOf(block) / 9_000);
    case 'quote':
      return 1 / 45 + tablesIn(block.children);
    case 'list':
      return 1 / 45 + block.items.reduce((sum, item) => sum + tablesIn(item.children), 0);
    case 'paragraph':
    case 'heading':
    case 'code':
    case 'rule':
      return 1 / 45;
  }
}

/** What the blocks inside another one take beyond a block each: their tables. */
const tablesIn = (blocks: readonly Block[]): number =>
  blocks.reduce((sum, block) => sum + Math.max(0, loadOf(block) - 1 / 45), 0);

const charactersOf = (table: Table): number =>
  [table.header, ...table.rows].flat().reduce((sum, cell) => sum + leafLength(cell) + 1, 0);
