/**
 * The tree that every dialect renders: mdast with the loose ends tied. References are resolved, images are links,
 * HTML is text, unsafe links are text, control characters are gone, a style never stands inside itself and blocks
 * nest at most `maxDepth` deep. What is left is a small closed union.
 */
export type Inline =
  | { readonly type: 'text' | 'code'; readonly value: string }
  | { readonly type: 'break' }
  | Styled
  | Link;

export interface Styled {
  readonly type: 'strong' | 'emphasis' | 'strike';
  /** The delimiter it was written with: only this one is sure to parse again in the same place. */
  readonly marker: '*' | '_' | '~';
  readonly children: readonly Inline[];
}

export interface Link {
  readonly type: 'link';
  /** http, https, mailto or tg; never anything that runs. */
  readonly href: string;
  readonly children: readonly Inline[];
}

export interface Paragraph {
  readonly type: 'paragraph';
  readonly children: readonly Inline[];
}

export interface Heading {
  readonly type: 'heading';
  readonly depth: 1 | 2 | 3 | 4 | 5 | 6;
  readonly children: readonly Inline[];
}

export interface Code {
  readonly type: 'code';
  readonly lang: string | null;
  readonly value: string;
}

export interface Quote {
  readonly type: 'quote';
  readonly children: readonly Block[];
}

export interface List {
  readonly type: 'list';
  /** The number of the first item, null for bullets. */
  readonly start: number | null;
  readonly items: readonly Item[];
}

export interface Item {
  /** Null where it is no task. */
  readonly checked: boolean | null;
  readonly children: readonly Block[];
}

export type Cell = readonly Inline[];

export interface Table {
  readonly type: 'table';
  readonly align: readonly ('left' | 'right' | 'center' | null)[];
  readonly header: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Block = Paragraph | Heading | Code | Quote | List | Table | { readonly type: 'rule' };

/** Blocks nested deeper than this are lifted to this depth. */
export const maxDepth = 8;
