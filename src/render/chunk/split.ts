import { leafLength, leafText, sliceInlines, trimInlines } from '../inline.ts';
import { breakAt, largestPrefix } from '../measure.ts';
import type { Block, Code, Heading, Inline, List, Paragraph, Table } from '../tree.ts';

/** `tail` follows `head`. No head: nothing of the block fits. */
export interface Split {
  readonly head: Block | null;
  readonly tail: readonly Block[];
}

/** boundary: only between items, rows, lines, words. inside: an item, a line or a word may be cut as well. */
export type Cut = 'boundary' | 'inside';

type Fits = (part: Block) => boolean;

/** The longest head of a block that fits, cut where it reads best. `fits` is asked with parts of the block only. */
export function splitBlock(block: Block, fits: Fits, cut: Cut): Split {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return splitText(block, fits);
    case 'code':
      return splitCode(block, fits, cut);
    case 'list':
      return splitList(block, fits, cut);
    case 'table':
      return splitTable(block, fits);
    case 'quote': {
      const { head, tail } = splitRow(block.children, (part) => fits({ type: 'quote', children: part }), cut);
      if (head.length === 0) return { head: null, tail: [block] };
      return { head: { type: 'quote', children: head }, tail: [{ type: 'quote', children: tail }] };
    }
    case 'rule':
      return { head: null, tail: [block] };
  }
}

function splitText(block: Paragraph | Heading, fits: Fits): Split {
  const length = leafLength(block.children);
  const part = (to: number): readonly Inline[] => trimInlines(sliceInlines(block.children, 0, to));
  const most = largestPrefix(length, (n) => fits({ ...block, children: sliceInlines(block.children, 0, n) }));
  const window = leafText(sliceInlines(block.children, 0, most + 128));
  let at = most === 0 ? 0 : breakAt(window, most);
  // A shorter part may need more markup: a bare link that is cut becomes a link with a label.
  while (at > 0 && !fits({ ...block, children: part(at) })) at = breakAt(window, at >> 1);
  const head = part(at);
  if (head.length === 0) return { head: null, tail: [block] };
  const rest = trimInlines(sliceInlines(block.children, at, length));
  return {
    head: { ...block, children: head },
    tail: rest.length === 0 ? [] : [{ ...block, children: rest }],
  };
}

function splitCode(block: Code, fits: Fits, cut: Cut): Split {
  const { value } = block;
  const most = largestPrefix(value.length, (n) => fits({ ...block, value: value.slice(0, n) }));
  // Between two functions rather than inside of one, where that wastes little.
  const gap = most < value.length ? value.lastIndexOf('\n\n', most) : -1;
  const line = gap > most * 0.7 ? gap : value.lastIndexOf('\n', most);
  if (most === 0 || (line <= 0 && cut === 'boundary')) return { head: null, tail: [block] };
  const at = line > 0 ? line : breakAt(value.slice(0, most + 128), most);
  const rest = value.slice(at).replace(/^(?:[ \t]*\n)+/, '');
  return {
    head: { ...block, value: value.slice(0, at) },
    tail: rest.trim() === '' ? [] : [{ ...block, value: rest }],
  };
}

function splitList(list: List, fits: Fits, cut: Cut): Split {
  const count = largestPrefix(list.items.length, (n) => fits({ ...list, items: list.items.slice(0, n) }));
  if (count > 0)
    return { head: { ...list, items: list.items.slice(0, count) }, tail: itemsFrom(list, count) };
  const [first] = list.items;
  if (first === undefined || cut === 'boundary') return { head: null, tail: [list] };
  const whole = (part: readonly Block[]): List => ({ ...list, items: [{ ...first, children: part }] });
  const { head, tail } = splitRow(first.children, (part) => fits(whole(part)), cut);
  if (head.length === 0) return { head: null, tail: [list] };
  // The rest of the item has no bullet of its own: it goes on as text.
  return { head: whole(head), tail: [...tail, ...itemsFrom(list, 1)] };
}

/** The list from an item on, numbered as before. */
export function itemsFrom(list: List, from: number): readonly List[] {
  if (from >= list.items.length) return [];
  const start = list.start === null ? null : list.start + from;
  return [{ type: 'list', start, items: list.items.slice(from) }];
}

/** Each part repeats the header. */
function splitTable(table: Table, fits: Fits): Split {
  const count = largestPrefix(table.rows.length, (n) => fits({ ...table, rows: table.rows.slice(0, n) }));
  if (count === 0) return { head: null, tail: [table] };
  const rest = table.rows.slice(count);
  return {
    head: { ...table, rows: table.rows.slice(0, count) },
    tail: rest.length === 0 ? [] : [{ ...table, rows: rest }],
  };
}

/** The longest run of blocks that fits; only if it is empty, the first block is cut. */
function splitRow(
  blocks: readonly Block[],
  fits: (part: readonly Block[]) => boolean,
  cut: Cut,
): { readonly head: readonly Block[]; readonly tail: readonly Block[] } {
  const count = largestPrefix(blocks.length, (n) => fits(blocks.slice(0, n)));
  if (count > 0) return { head: blocks.slice(0, count), tail: blocks.slice(count) };
  const [first] = blocks;
  if (first === undefined || cut === 'boundary') return { head: [], tail: blocks };
  const { head, tail } = splitBlock(first, (part) => fits([part]), cut);
  return { head: head === null ? [] : [head], tail: [...tail, ...blocks.slice(1)] };
}
