import { leafLength, leafText } from '../inline.ts';
import type { Block } from '../tree.ts';
import { degrade } from './degrade.ts';
import { type Cut, splitBlock } from './split.ts';
import { isLongerThan } from './weight.ts';

export interface PackOptions {
  /** Units a block takes, rendered by itself. */
  size(block: Block): number;
  /** Units between two blocks. */
  readonly separator: number;
  readonly limit: number;
}

/**
 * blocks → groups, each within the limit. A block goes where it fits whole; one that is longer than a group is cut,
 * starting in the group before it where at least half of that is free. A heading, and a line such as "Like this:",
 * stays with the start of what follows.
 */
export function packBlocks(blocks: readonly Block[], options: PackOptions): readonly (readonly Block[])[] {
  const groups: (readonly Block[])[] = [];
  const waiting = [...blocks].reverse();
  let group: Block[] = [];
  let used = 0;
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    const before = group.length === 0 ? 0 : used + options.separator;
    const size = sizeWithin(block, options.limit);
    if (before + size <= options.limit) {
      group.push(block);
      used = before + size;
      continue;
    }
    const room = options.limit - before;
    // Lists and tables are cut where they part anyway, so that no scrap goes ahead of them.
    const parts = (block.type === 'list' || block.type === 'table') && used < options.limit / 4;
    const opens = size > options.limit || parts || group.every(leads);
    const spacious = group.length === 0 || room >= options.limit / 2;
    const tail = opens && spacious ? cutInto(block, room) : null;
    if (tail !== null) waiting.push(...tail.reverse());
    else if (group.length > 0) waiting.push(block);
    else waiting.push(...lessMarkup(block).reverse());
    if (group.length > 0) close();
  }
  if (group.length > 0) groups.push(group);
  return groups;

  /** Puts what fits of the block into the group; the rest of it, or null where nothing fitted. */
  function cutInto(block: Block, room: number): Block[] | null {
    const cut: Cut = group.length === 0 ? 'inside' : 'boundary';
    const { head, tail } = splitBlock(block, (part) => sizeWithin(part, room) <= room, cut);
    if (head === null) return null;
    group.push(head);
    return [...tail];
  }

  function close(): void {
    const last = group.findLastIndex((block) => !leads(block));
    // At least one block stays, or it would never end.
    const orphans = waiting.length > 0 ? group.splice(Math.max(1, last + 1)) : [];
    groups.push(group);
    group = [];
    used = 0;
    waiting.push(...orphans.reverse());
  }

  /** The size, or infinity where the text alone shows that it is over the limit. */
  function sizeWithin(block: Block, limit: number): number {
    // A code point is at most two UTF-16 units, so this is no more than the least the text can take.
    return isLongerThan([block], 2 * limit) ? Number.POSITIVE_INFINITY : options.size(block);
  }
}

/** Longer lines that end in a colon stand for themselves. */
const longestLead = 200;

function leads(block: Block): boolean {
  if (block.type === 'heading') return true;
  if (block.type !== 'paragraph' || leafLength(block.children) > longestLead) return false;
  return /[:：]\s*$/.test(leafText(block.children));
}

function lessMarkup(block: Block): Block[] {
  const less = degrade(block);
  if (less === null) throw new Error('A chunk limit is too small for a single character.');
  return [...less];
}
