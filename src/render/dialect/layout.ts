import { isBareLink } from '../inline.ts';
import type { Block, Inline, Item, List, Styled } from '../tree.ts';
import type { Dialect } from './dialect.ts';
import { alignTable } from './table.ts';

/** What differs between the dialects that write lines of text; the lines themselves are laid out here, once. */
export interface Flavour {
  readonly name: string;
  text(value: string): string;
  code(value: string): string;
  styled(kind: Styled['type'], inner: string): string;
  /** `bare`: the label is the target. */
  link(href: string, inner: string, bare: boolean): string;
  heading(depth: number, inner: string): string;
  codeBlock(lang: string | null, value: string): string;
  /** Lines of a fixed-width font, not escaped yet. */
  table(lines: string): string;
  /** What stands before each line of a quote, or a frame around all of it. */
  readonly quote: string | ((inner: string) => string);
  /** Code and tables stand in a frame of their own: their lines are not indented with the list they stand in. */
  readonly framed: boolean;
  readonly rule: string;
}

const bullets = ['•', '◦', '▪'];

interface Place {
  readonly flavour: Flavour;
  /** What each line after the first begins with. */
  readonly indent: string;
  readonly listDepth: number;
  readonly quoted: boolean;
}

/** A dialect of lines: headings, lists with bullets and numbers, quotes, aligned tables. */
export function createLayout(flavour: Flavour): Dialect {
  const top: Place = { flavour, indent: '', listDepth: 0, quoted: false };
  return { name: flavour.name, separator: '\n\n', block: (block) => blockText(block, top) };
}

function blockText(block: Block, place: Place): string {
  const { flavour } = place;
  switch (block.type) {
    case 'paragraph':
      return indented(inlineText(block.children, flavour), place.indent);
    case 'heading':
      return flavour.heading(block.depth, inlineText(block.children, flavour));
    case 'code':
      return framed(flavour.codeBlock(block.lang, block.value), place);
    case 'table':
      return framed(flavour.table(alignTable(block)), place);
    case 'rule':
      return flavour.rule;
    case 'quote':
      return quoteText(block.children, place);
    case 'list':
      return listText(block, place);
  }
}

function blocksText(blocks: readonly Block[], place: Place, separator: string): string {
  return blocks.map((block) => blockText(block, place)).join(indented(separator, place.indent));
}

function quoteText(children: readonly Block[], place: Place): string {
  const { quote } = place.flavour;
  if (typeof quote === 'string') {
    return quote + blocksText(children, { ...place, indent: place.indent + quote }, '\n\n');
  }
  // A frame does not stand inside a frame.
  const inner = blocksText(children, { ...place, quoted: true }, '\n\n');
  return place.quoted ? inner : quote(inner);
}

function listText(list: List, place: Place): string {
  const inner = { ...place, listDepth: place.listDepth + 1 };
  const bullet = bullets[Math.min(place.listDepth, bullets.length - 1)] ?? '•';
  const items = list.items.map((item, i) =>
    itemText(item, list.start === null ? bullet : `${list.start + i}.`, inner),
  );
  return items.join(`\n${place.indent}`);
}

function itemText(item: Item, marker: string, place: Place): string {
  const indent = place.indent + ' '.repeat(marker.length + 1);
  const box = item.checked === null ? '' : item.checked ? '☑ ' : '☐ ';
  return `${marker} ${box}${blocksText(item.children, { ...place, indent }, '\n')}`.trimEnd();
}

function framed(text: string, place: Place): string {
  return place.flavour.framed ? text : indented(text, place.indent);
}

function indented(text: string, indent: string): string {
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
}

function inlineText(inlines: readonly Inline[], flavour: Flavour): string {
  return inlines.map((node) => nodeText(node, flavour)).join('');
}

function nodeText(node: Inline, flavour: Flavour): string {
  switch (node.type) {
    case 'text':
      return flavour.text(node.value);
    case 'code':
      return flavour.code(node.value);
    case 'break':
      return '\n';
    case 'link':
      return flavour.link(node.href, inlineText(node.children, flavour), isBareLink(node));
    case 'strong':
    case 'emphasis':
    case 'strike':
      return flavour.styled(node.type, inlineText(node.children, flavour));
  }
}
