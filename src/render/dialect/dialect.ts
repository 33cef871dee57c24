import type { Block } from '../tree.ts';

/**
 * How one platform writes. Contract: `block` is total and pure, escapes everything that came from the text, and a
 * rendered document is its blocks joined by `separator`, so sizes of blocks add up.
 */
export interface Dialect {
  readonly name: string;
  readonly separator: string;
  block(block: Block): string;
  /**
   * What is said in place of a block that the platform would show badly; the block itself where it is fine. Applied
   * once, to blocks of the document's top level, before anything is measured or cut.
   */
  adapt?(block: Block): Block;
  /**
   * The share of a message's other limits (rows of tables, number of blocks) that a block takes: 1 fills a message.
   * Absent: there is no limit but the length.
   */
  load?(block: Block): number;
}

export function renderBlocks(dialect: Dialect, blocks: readonly Block[]): string {
  return blocks.map((block) => dialect.block(block)).join(dialect.separator);
}
