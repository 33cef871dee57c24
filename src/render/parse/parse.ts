import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { leafText } from '../inline.ts';
import type { Block } from '../tree.ts';
import { convertRoot } from './convert.ts';
import { sourceParts } from './prepare.ts';
import { cleanText } from './text.ts';

/** Longer sources are shown as they are written: hostile ones would hold the event loop for seconds. */
const longestFormatted = 100_000;

/** Anything that could be Markdown. Without it a text is only paragraphs, and the parser is not asked. */
const maybeMarkup = /[\\`*_[\]<&~|\t]|:\/\/|\bwww\.|^ *(?:[#>+=-]|\d{1,9}[.)])|^ {4}| {2}$/im;

const options = createOptions();

/** Markdown (clean: see cleanSource) to blocks. Total: every text has a reading. Time grows with the length only. */
export function parseMarkdown(source: string): readonly Block[] {
  if (source.length > longestFormatted || !maybeMarkup.test(source)) return plainBlocks(source);
  return sourceParts(source).flatMap((part) => convertRoot(fromMarkdown(part, options), part));
}

/** Text without markup: paragraphs between blank lines. */
export function plainBlocks(text: string): readonly Block[] {
  return text
    .split(/\n[ \t]*(?=\n)/)
    .map((part) => part.replace(/[ \t]*\n[ \t]*/g, '\n').trim())
    .filter((part) => part !== '')
    .map((part) => ({ type: 'paragraph', children: [{ type: 'text', value: cleanText(part) }] }));
}

/**
 * GFM without the recognition of bare mail addresses: it is tried at every letter and doubles the time of a parse.
 * The second pass of bare links over the tree is left out as well: the tokenizer has already found those that count.
 */
function createOptions(): Parameters<typeof fromMarkdown>[1] & object {
  const syntax = gfm();
  const text = Object.entries(syntax.text ?? {}).map(([code, constructs]) => [
    code,
    [constructs ?? []].flat().filter((construct) => construct.name !== 'emailAutolink'),
  ]);
  return {
    extensions: [{ ...syntax, text: Object.fromEntries(text) }],
    mdastExtensions: gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] })),
  };
}

/** Whether anything would be seen of the blocks. */
export function isVisible(block: Block): boolean {
  switch (block.type) {
    case 'rule':
    case 'list':
    case 'table':
      return true;
    case 'code':
      return block.value.trim() !== '';
    case 'quote':
      return block.children.some(isVisible);
    case 'paragraph':
    case 'heading':
      return leafText(block.children).trim() !== '';
  }
}
