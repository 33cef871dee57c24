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
 * starting in the group before it where at least half of that is free. A heading stays with the start of what follows.
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
    const opens = size > options.limit || group.every((block) => block.type === 'heading');
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
    const last = group.at(-1);
    const orphan =
      group.length > 1 && last?.type === 'heading' && waiting.length > 0 ? group.pop() : undefined;
    groups.push(group);
    group = [];
    used = 0;
    if (orphan !== undefined) waiting.push(orphan);
  }

  /** The size, or infinity where the text alone shows that it is over the limit. */
  function sizeWithin(block: Block, limit: number): number {
    // A code point is at most two UTF-16 units, so this is no more than the least the text can take.
    return isLongerThan([block], 2 * limit) ? Number.POSITIVE_INFINITY : options.size(block);
  }
}

function lessMarkup(block: Block): Block[] {
  const less = degrade(block);
  if (less === null) throw new Error('A chunk limit is too small for a single character.');
  return [...less];
}
