import { leafLength } from '../inline.ts';
import type { Block } from '../tree.ts';

/**
 * Whether the text of the blocks alone is longer than `length` UTF-16 units. Looks no further than it must: the cheap
 * answer that spares rendering a long document again for each of its chunks.
 */
export function isLongerThan(blocks: readonly Block[], length: number): boolean {
  return spare(blocks, length) < 0;
}

/** What is left of `length` after the blocks; any negative number once it is used up. */
function spare(blocks: readonly Block[], length: number): number {
  let left = length;
  for (const block of blocks) {
    left = spareAfter(block, left);
    if (left < 0) return left;
  }
  return left;
}

function spareAfter(block: Block, left: number): number {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return left - leafLength(block.children);
    case 'code':
      return left - block.value.length;
    case 'quote':
      return spare(block.children, left);
    case 'rule':
      return left - 1;
    case 'list':
      return spareOfEach(block.items, left, (item, left) => spare(item.children, left - 1));
    case 'table':
      return spareOfEach([block.header, ...block.rows], left, (row, left) =>
        spareOfEach(row, left - 1, (cell, left) => left - leafLength(cell)),
      );
  }
}

function spareOfEach<T>(
  parts: readonly T[],
  length: number,
  after: (part: T, left: number) => number,
): number {
  let left = length;
  for (const part of parts) {
    left = after(part, left);
    if (left < 0) return left;
  }
  return left;
}
