import { leafLength, leafText, withoutStrong } from '../inline.ts';
import type { Block, Cell, Inline, Item, List, Table } from '../tree.ts';
import { tableWidth } from './table.ts';

/** Columns of fixed width that a phone shows without wrapping them: then rows are rows. */
const phoneColumns = 48;

/** The block with each table in it that is too wide written as a list of its rows. */
export function narrowed(block: Block, isTooWide: (table: Table) => boolean): Block {
  const each = (blocks: readonly Block[]): readonly Block[] =>
    blocks.map((inner) => narrowed(inner, isTooWide));
  switch (block.type) {
    case 'table':
      return isTooWide(block) ? recordsOf(block) : block;
    case 'quote':
      return { ...block, children: each(block.children) };
    case 'list':
      return { ...block, items: block.items.map((item) => ({ ...item, children: each(item.children) })) };
    case 'paragraph':
    case 'heading':
    case 'code':
    case 'rule':
      return block;
  }
}

export const isTooWideForPhones = (table: Table): boolean => tableWidth(table) > phoneColumns;

/** Rows whose text is shorter than this are said in one go, with dots between the cells. */
const shortRow = 120;

/** A row is an item: its first cell in bold, the other cells behind it or below it, each with the name of its column. */
export function recordsOf(table: Table): List {
  const rows = table.rows.length === 0 ? [table.header] : table.rows;
  const named = rows.map((row) => cellsOf(table, row)).filter((cells) => cells.length > 0);
  const isShort = named.every((cells) => leafLength(cells.flat()) + 3 * cells.length <= shortRow);
  return bullets(named.map((cells) => (isShort ? lineOf(cells) : itemOf(cells))));
}

/** What each column says in a row, behind its name. A column that says nothing there is left out. */
function cellsOf({ header, rows }: Table, row: readonly Cell[]): readonly Cell[] {
  const columns = Array.from({ length: Math.max(header.length, row.length) }, (_, i) => i);
  const full = columns.filter((i) => saysAny(row[i] ?? []));
  return full.map((i, place) => {
    const cell = place === 0 ? bold(row[i] ?? []) : (row[i] ?? []);
    return rows.length === 0 ? cell : behind(header[i] ?? [], cell);
  });
}

function behind(name: Cell, cell: readonly Inline[]): Cell {
  if (!saysAny(name)) return cell;
  // A name such as # is no word: it stands directly before its number.
  const colon: Inline = { type: 'text', value: /[\p{L}\p{N}]/u.test(leafText(name)) ? ': ' : '' };
  return [...name, colon, ...cell];
}

const lineOf = (cells: readonly Cell[]): Item =>
  itemWith([paragraph(cells.flatMap((cell, i) => (i === 0 ? cell : [dot, ...cell])))]);

function itemOf([first = [], ...others]: readonly Cell[]): Item {
  const below = others.map((cell) => itemWith([paragraph(cell)]));
  return itemWith(below.length === 0 ? [paragraph(first)] : [paragraph(first), bullets(below)]);
}

const dot: Inline = { type: 'text', value: ' · ' };
const saysAny = (cell: readonly Inline[]): boolean => leafText(cell).trim() !== '';
const bold = (cell: readonly Inline[]): Cell => [
  { type: 'strong', marker: '*', children: withoutStrong(cell) },
];
const paragraph = (children: readonly Inline[]): Block => ({ type: 'paragraph', children });
const itemWith = (children: readonly Block[]): Item => ({ checked: null, children });
const bullets = (items: readonly Item[]): List => ({ type: 'list', start: null, items });
