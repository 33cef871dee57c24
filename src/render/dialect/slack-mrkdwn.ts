import { isBareLink, leafText } from '../inline.ts';
import type { Link } from '../tree.ts';
import { escapeHtml } from '../write/escape.ts';
import { createLayout } from '../write/layout.ts';
import { setMarksAside, settleMarks, withoutFences } from '../write/marks.ts';
import { quietSlackNames, quietSlackTokens, zeroWidth } from '../write/mentions.ts';
import { starMarks } from '../write/star-marks.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

/**
 * Slack's mrkdwn (docs.slack.dev, "Formatting message text"): `&`, `<` and `>` are written as entities everywhere, code
 * included, and nothing else has an escape. It has no headings, lists, tables or languages of code.
 */
export const slackMrkdwn: Dialect = createLayout({
  ...starMarks,
  name: 'slack-mrkdwn',
  text: (value) => setMarksAside(escape(value)),
  code: (value) => (value.includes('`') ? setMarksAside(escape(value)) : `\`${escapeCode(value)}\``),
  link: linkText,
  codeBlock: (_lang, value) => codeBlock(value),
  table: (table) => codeBlock(alignTable(table)),
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
