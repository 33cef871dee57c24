import { isBareLink } from '../inline.ts';
import { createLayout } from '../write/layout.ts';
import { quietEverywhere } from '../write/mentions.ts';
import { isTooWideForPhones } from '../write/records.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const layout = createLayout({
  name: 'plain',
  text: (value) => value,
  code: (value) => value,
  styled: (_kind, inner) => inner,
  link: (link, inner) => (isBareLink(link) ? inner : `${inner} (${link.href})`),
  heading: (_depth, inner) => inner,
  codeBlock: (_lang, value) => value,
  isTooWide: isTooWideForPhones,
  table: alignTable,
  quote: '> ',
  framed: false,
  rule: '———',
});

/** Readable without any markup: the last resort of every platform, so it calls nobody on any of them. */
export const plain: Dialect = {
  ...layout,
  // Without markup between them, words of two styles stand side by side and may become a mention only there.
  block: (block) => quietEverywhere(layout.block(block)),
};
