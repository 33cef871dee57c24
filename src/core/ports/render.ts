import type { Abilities } from '../delivery.ts';

/** One message's worth of an answer: its Markdown source and that source rendered. */
export interface Chunk {
  readonly markdown: string;
  readonly text: string;
}

export interface RenderPort {
  /**
   * Splits Markdown at block boundaries into chunks whose rendered text is never over `limit` in the given unit.
   * A code fence that is split is closed and opened again with its language. Text is never lost.
   * Empty input gives no chunk. `limit` counts units of `countedAs`.
   */
  chunk(
    markdown: string,
    options: { readonly dialect: string; readonly limit: number; readonly countedAs: Abilities['countedAs'] },
  ): readonly Chunk[];
  /**
   * Whether the dialect is the one to say it in: false where the next one of a platform says the same and is understood by
   * more of its apps (Telegram's rich messages are for tables only).
   */
  suits(markdown: string, dialect: string): boolean;
  /** The dialects it knows; `plain` is always among them. */
  readonly dialects: readonly string[];
}
