import type { Dialect } from './dialect.ts';
import { createLayout } from './layout.ts';

/** Readable without any markup: the last resort of every platform. */
export const plain: Dialect = createLayout({
  name: 'plain',
  text: (value) => value,
  code: (value) => value,
  styled: (_kind, inner) => inner,
  link: (href, inner, bare) => (bare ? inner : `${inner} (${href})`),
  heading: (_depth, inner) => inner,
  codeBlock: (_lang, value) => value,
  table: (lines) => lines,
  quote: '> ',
  framed: false,
  rule: '———',
});
