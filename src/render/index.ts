import type { RenderPort } from '#core/ports/render.ts';
import { packBlocks } from './chunk/pack.ts';
import { type Dialect, renderBlocks } from './dialect/dialect.ts';
import { discord } from './dialect/discord.ts';
import { emailHtml } from './dialect/email-html.ts';
import { html } from './dialect/html.ts';
import { blocksToMarkdown } from './write/markdown.ts';
import { plain } from './dialect/plain.ts';
import { slackMarkdown } from './dialect/slack-markdown.ts';
import { slackMrkdwn } from './dialect/slack-mrkdwn.ts';
import { telegramHtml } from './dialect/telegram-html.ts';
import { telegramRich } from './dialect/telegram-rich.ts';
import { terminal, terminalPlain } from './dialect/terminal.ts';
import { whatsapp } from './dialect/whatsapp.ts';
import { measure } from './measure.ts';
import type { Block } from './tree.ts';
import { isVisible, parseMarkdown } from './parse/parse.ts';
import { cleanSource } from './parse/prepare.ts';

const dialects: readonly Dialect[] = [
  telegramRich,
  telegramHtml,
  discord,
  slackMarkdown,
  slackMrkdwn,
  whatsapp,
  emailHtml,
  terminal,
  terminalPlain,
  html,
  plain,
];

/** Every dialect can say one character, however it is escaped and framed, in this many units. */
const smallestLimit = 64;

/**
 * markdown → tree → (one chunk | blocks packed into groups → a chunk each)
 *
 * `limit` counts the rendered string with its markup: the safe reading where a platform counts less (Telegram counts
 * after parsing its entities). Text that fits stays the source it was; otherwise each chunk's `markdown` is written
 * from the tree, complete in itself (references resolved, fences, tables and styles closed and opened again), so that
 * any other dialect rendered from it says the same. Throws for a dialect it does not know and for a limit below 64.
 */
export function createRender(): RenderPort {
  return { chunk, suits, dialects: dialects.map((dialect) => dialect.name) };
}

/** Rich messages are for tables: older apps of Telegram show a notice in their place. */
const suits: RenderPort['suits'] = (markdown, dialect) =>
  dialect !== telegramRich.name ||
  (markdown.includes('|') && parseMarkdown(cleanSource(markdown)).some(holdsTable));

function holdsTable(block: Block): boolean {
  if (block.type === 'quote') return block.children.some(holdsTable);
  if (block.type === 'list') return block.items.some((item) => item.children.some(holdsTable));
  return block.type === 'table';
}

const chunk: RenderPort['chunk'] = (markdown, options) => {
  const dialect = dialects.find((dialect) => dialect.name === options.dialect);
  if (dialect === undefined) throw new Error(`There is no dialect named ${options.dialect}.`);
  if (!(options.limit >= smallestLimit))
    throw new RangeError(`A chunk takes at least ${smallestLimit} units.`);
  const sizeOf = (text: string): number => measure(text, options.countedAs);
  const source = cleanSource(markdown);
  const blocks = parseMarkdown(source)
    .filter(isVisible)
    .map((block) => dialect.adapt?.(block) ?? block);
  if (blocks.length === 0) return [];
  const text = renderBlocks(dialect, blocks);
  const load = (block: Block): number => Math.ceil((dialect.load?.(block) ?? 0) * options.limit);
  const fits = blocks.reduce((sum, block) => sum + load(block), 0) <= options.limit;
  if (fits && sizeOf(text) <= options.limit) return [{ markdown: withoutBlankEnds(source), text }];
  const groups = packBlocks(blocks, {
    // Whichever of its limits a block uses most of: sums of these are never less than the sum of any one.
    size: (block) => Math.max(load(block), sizeOf(dialect.block(block))),
    separator: sizeOf(dialect.separator),
    limit: options.limit,
  });
  return groups
    .filter((group) => group.some(isVisible))
    .map((group) => ({ markdown: blocksToMarkdown(group), text: renderBlocks(dialect, group) }));
};

/** Blanks at the start of the first line stay: four of them make it code. */
function withoutBlankEnds(source: string): string {
  return source.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
}
