import { isBareLink, leafText } from '../inline.ts';
import type { Link } from '../tree.ts';
import { escapeHtml } from '../write/escape.ts';
import { createLayout } from '../write/layout.ts';
import { isWordLike, marked, setMarksAside, settleMarks, withoutFences } from '../write/marks.ts';
import { quietSlackNames, quietSlackTokens, zeroWidth } from '../write/mentions.ts';
import { isTooWideForPhones } from '../write/records.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const marks = { strong: '*', emphasis: '_', strike: '~' } as const;
const mark = /[*_~`\uFDD0-\uFDD3]/;

/**
 * Slack's mrkdwn (docs.slack.dev, "Formatting message text"): `&`, `<` and `>` are written as entities everywhere, code
 * included, and nothing else has an escape. It has no headings, lists, tables or languages of code.
 */
export const slackMrkdwn: Dialect = createLayout({
  name: 'slack-mrkdwn',
  text: (value) => setMarksAside(escape(value)),
  code: (value) => (value.includes('`') ? setMarksAside(escape(value)) : `\`${escapeCode(value)}\``),
  styled: (kind, inner) => marked(inner, marks[kind]),
  link: linkText,
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
  lines: (text) => settleMarks(text).replace(/^(?=\s*&gt;)/gm, zeroWidth),
});

function escape(text: string): string {
  return quietSlackNames(escapeHtml(text));
}

function escapeCode(code: string): string {
  return escapeHtml(quietSlackTokens(code));
}

function codeBlock(value: string): string {
  return `\`\`\`\n${escapeCode(withoutFences(value))}\n\`\`\``;
}

function linkText(link: Link, inner: string): string {
  if (!/^(?:https?|mailto):/i.test(link.href))
    return isBareLink(link) ? inner : `${inner} (${escape(link.href)})`;
  const href = escapeHtml(link.href);
  // A label takes no styles, no line ends and no bar.
  const label = escape(leafText(link.children)).replace(/\s+/g, ' ').replaceAll('|', '¦');
  return isBareLink(link) && link.href === leafText(link.children) ? `<${href}>` : `<${href}|${label}>`;
}
