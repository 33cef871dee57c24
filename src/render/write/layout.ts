import type { Dialect } from '../dialect/dialect.ts';
import { withoutStrong } from '../inline.ts';
import type { Block, Inline, Item, Link, List, Styled, Table } from '../tree.ts';
import { narrowed } from './records.ts';

/** What differs between the dialects that write lines of text; the lines themselves are laid out here, once. */
export interface Flavour {
  readonly name: string;
  text(value: string): string;
  code(value: string): string;
  styled(kind: Styled['type'], inner: string): string;
  link(link: Link, inner: string): string;
  /** `inner` holds no bold. `nested`: it stands in a list, where its line already begins with something else. */
  heading(depth: number, inner: string, nested: boolean): string;
  codeBlock(lang: string | null, value: string): string;
  table(table: Table): string;
  /** What stands before each line of a quote, or a frame around all of it. */
  readonly quote: string | ((inner: string) => string);
  /** Code and tables stand in a frame of their own: their lines are not indented with the list they stand in. */
  readonly framed: boolean;
  readonly rule: string;
  /** By depth, from the outermost list on; the last one stands for all deeper ones. Absent: bullets to look at. */
  readonly bullets?: readonly [string, ...string[]];
  /** A table for which this holds is said row by row, as a list. */
  isTooWide?(table: Table): boolean;
  /** What goes between two neighbours of a line that would run together. */
  joint?(before: string, after: string): string;
  /** A last look at the finished lines of a paragraph, a heading or a table. */
  lines?(text: string): string;
}

const shownBullets: readonly [string, ...string[]] = ['•', '◦', '▪'];

interface Place {
  readonly flavour: Flavour;
  /** What each line after the first begins with. */
  readonly indent: string;
  /** The part of it that belongs to quotes. */
  readonly quoteIndent: string;
  readonly listDepth: number;
  readonly quoted: boolean;
}

/** A dialect of lines: headings, lists with bullets and numbers, quotes, aligned tables. */
export function createLayout(flavour: Flavour): Dialect {
  const top: Place = { flavour, indent: '', quoteIndent: '', listDepth: 0, quoted: false };
  return {
    name: flavour.name,
    separator: '\n\n',
    block: (block) => blockText(block, top),
    adapt: (block) => narrowed(block, flavour.isTooWide ?? (() => false)),
  };
}

function blockText(block: Block, place: Place): string {
  const { flavour } = place;
  switch (block.type) {
    case 'paragraph':
      return indented(linesOf(block.children, flavour), place.indent);
    case 'heading':
      return flavour.heading(
        block.depth,
        linesOf(withoutStrong(block.children), flavour),
        place.listDepth > 0,
      );
    case 'code':
      return framed(flavour.codeBlock(block.lang, block.value), place);
    case 'table':
      return framed(flavour.table(block), place);
    case 'rule':
      return flavour.rule;
    case 'quote':
      return quoteText(block.children, place);
    case 'list':
      return listText(block, place);
  }
}

function linesOf(inlines: readonly Inline[], flavour: Flavour): string {
  const text = inlineText(inlines, flavour);
  return flavour.lines?.(text) ?? text;
}

function blocksText(blocks: readonly Block[], place: Place, separator: string): string {
  let text = '';
  for (const [i, block] of blocks.entries()) {
    const isFramed = place.flavour.framed && (block.type === 'code' || block.type === 'table');
    const before = i === 0 ? '' : indented(separator, isFramed ? place.quoteIndent : place.indent);
    text += before + blockText(block, place);
  }
  return text;
}

function quoteText(children: readonly Block[], place: Place): string {
  const { quote } = place.flavour;
  if (typeof quote === 'string') {
    const inner = { ...place, indent: place.indent + quote, quoteIndent: place.quoteIndent + quote };
    return quote + blocksText(children, inner, '\n\n');
  }
  // A frame does not stand inside a frame.
  const inner = blocksText(children, { ...place, quoted: true }, '\n\n');
  return place.quoted ? inner : quote(inner);
}

function listText(list: List, place: Place): string {
  const inner = { ...place, listDepth: place.listDepth + 1 };
  const bullets = place.flavour.bullets ?? shownBullets;
  const bullet = bullets[Math.min(place.listDepth, bullets.length - 1)] ?? bullets[0];
  const items = list.items.map((item, i) =>
    itemText(item, list.start === null ? bullet : `${list.start + i}.`, inner),
  );
  return items.join(`\n${place.indent}`);
}

function itemText(item: Item, bullet: string, place: Place): string {
  const box = item.checked === null ? '' : item.checked ? '☑' : '☐';
  // A bullet that is only there to be seen gives way to the box.
  const isSeenOnly = box !== '' && shownBullets.includes(bullet);
  const marker = isSeenOnly ? box : bullet;
  const indent = place.indent + ' '.repeat(marker.length + 1);
  const start = box === '' || isSeenOnly ? marker : `${marker} ${box}`;
  return `${start} ${blocksText(item.children, { ...place, indent }, '\n')}`.trimEnd();
}

function framed(text: string, place: Place): string {
  return indented(text, place.flavour.framed ? place.quoteIndent : place.indent);
}

function indented(text: string, indent: string): string {
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
}

function inlineText(inlines: readonly Inline[], flavour: Flavour): string {
  let text = '';
  for (const node of inlines) {
    const part = nodeText(node, flavour);
    text += (flavour.joint?.(text, part) ?? '') + part;
  }
  return text;
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
      return flavour.link(node, inlineText(node.children, flavour));
    case 'strong':
    case 'emphasis':
    case 'strike':
      return flavour.styled(node.type, inlineText(node.children, flavour));
  }
}
