import { isBareLink } from '../inline.ts';
import { createLayout } from '../write/layout.ts';
import { isWordLike, marked, setMarksAside, settleMarks, withoutFences } from '../write/marks.ts';
import { quietWhatsapp, zeroWidth } from '../write/mentions.ts';
import { isTooWideForPhones } from '../write/records.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const marks = { strong: '*', emphasis: '_', strike: '~' } as const;
const mark = /[*_~`\uFDD0-\uFDD3]/;

/**
 * WhatsApp's own marks: bold, italic, struck, code, quotes. It has no escapes, headings, tables or masked links, finds
 * links by itself, and makes lists of lines that look like one.
 */
export const whatsapp: Dialect = createLayout({
  name: 'whatsapp',
  text: setMarksAside,
  code: (value) => (value.includes('`') ? setMarksAside(value) : `\`${value}\``),
  styled: (kind, inner) => marked(inner, marks[kind]),
  link: (link, inner) => (isBareLink(link) ? link.href.replace(/^mailto:/, '') : `${inner} (${link.href})`),
  heading: (_depth, inner) => marked(inner, '*'),
  codeBlock: (_lang, value) => codeBlock(value),
  isTooWide: isTooWideForPhones,
  table: (table) => codeBlock(alignTable(table)),
  quote: '> ',
  framed: true,
  rule: '———',
  joint: (before, after) => {
    const [last, first] = [before.at(-1) ?? '', after.charAt(0)];
    const meets = (mark.test(last) && /[^\s]/.test(first)) || (mark.test(first) && /[^\s]/.test(last));
    const parts = isWordLike(last) || isWordLike(first) || last === first;
    return meets && parts ? zeroWidth : '';
  },
  lines: (text) => quietWhatsapp(settleMarks(text)).replace(/^(?=\s*(?:>|[-*]\s))/gm, zeroWidth),
});

function codeBlock(value: string): string {
  return `\`\`\`\n${withoutFences(value)}\n\`\`\``;
}
