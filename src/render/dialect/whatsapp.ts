import { isBareLink } from '../inline.ts';
import { createLayout } from '../write/layout.ts';
import { setMarksAside, settleMarks, withoutFences } from '../write/marks.ts';
import { quietWhatsapp, zeroWidth } from '../write/mentions.ts';
import { starMarks } from '../write/star-marks.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

/**
 * WhatsApp's own marks: bold, italic, struck, code, quotes. It has no escapes, headings, tables or masked links, finds
 * links by itself, and makes lists of lines that look like one.
 */
export const whatsapp: Dialect = createLayout({
  ...starMarks,
  name: 'whatsapp',
  text: setMarksAside,
  code: (value) => (value.includes('`') ? setMarksAside(value) : `\`${value}\``),
  link: (link, inner) => (isBareLink(link) ? link.href.replace(/^mailto:/, '') : `${inner} (${link.href})`),
  codeBlock: (_lang, value) => codeBlock(value),
  table: (table) => codeBlock(alignTable(table)),
  lines: (text) => quietWhatsapp(settleMarks(text)).replace(/^(?=\s*(?:>|[-*]\s))/gm, zeroWidth),
});

function codeBlock(value: string): string {
  return `\`\`\`\n${withoutFences(value)}\n\`\`\``;
}
