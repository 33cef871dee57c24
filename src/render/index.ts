import type { RenderPort } from '#core/ports/render.ts';
import { packBlocks } from './chunk/pack.ts';
import { type Dialect, renderBlocks } from './dialect/dialect.ts';
import { html } from './dialect/html.ts';
import { blocksToMarkdown } from './dialect/markdown.ts';
import { plain } from './dialect/plain.ts';
import { telegramHtml } from './dialect/telegram-html.ts';
import { terminal, terminalPlain } from './dialect/terminal.ts';
import { measure } from './measure.ts';
import { isVisible, parseMarkdown } from './parse/parse.ts';
import { cleanSource } from './parse/prepare.ts';

const dialects: readonly Dialect[] = [telegramHtml, terminal, terminalPlain, html, plain];

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
  return { chunk, suits: () => true, dialects: dialects.map((dialect) => dialect.name) };
}

const chunk: RenderPort['chunk'] = (markdown, options) => {
  const dialect = dialects.find((dialect) => dialect.name === options.dialect);
  if (dialect === undefined) throw new Error(`There is no dialect named ${options.dialect}.`);
  if (!(options.limit >= smallestLimit))
    throw new RangeError(`A chunk takes at least ${smallestLimit} units.`);
  const sizeOf = (text: string): number => measure(text, options.countedAs);
  const source = cleanSource(markdown);
  const blocks = parseMarkdown(source).filter(isVisible);
  if (blocks.length === 0) return [];
  const text = renderBlocks(dialect, blocks);
  if (sizeOf(text) <= options.limit) return [{ markdown: withoutBlankEnds(source), text }];
  const groups = packBlocks(blocks, {
    size: (block) => sizeOf(dialect.block(block)),
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
