import type { Block } from '../tree.ts';

/**
 * How one platform writes. Contract: `block` is total and pure, escapes everything that came from the text, and a
 * rendered document is its blocks joined by `separator`, so sizes of blocks add up.
 */
export interface Dialect {
  readonly name: string;
  readonly separator: string;
  block(block: Block): string;
}

export function renderBlocks(dialect: Dialect, blocks: readonly Block[]): string {
  return blocks.map((block) => dialect.block(block)).join(dialect.separator);
}
