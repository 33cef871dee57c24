import { isBareLink } from '../inline.ts';
import type { Link } from '../tree.ts';
import { escapeAttribute, escapeHtml } from '../write/escape.ts';
import { createLayout } from '../write/layout.ts';
import { isTooWideForPhones } from '../write/records.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const tags = { strong: 'b', emphasis: 'i', strike: 's' } as const;

/**
 * The Bot API's HTML parse mode (core.telegram.org/bots/api#html-style). It knows no lists, headings or tables: lists
 * are lines, headings bold, tables fixed-width. `pre` and `code` hold nothing else, quotes do not nest.
 *
 * Telegram counts its 4096 after parsing the entities; we count what we write, tags included. That wastes a few per
 * cent of a message and is never over, however the other side counts.
 */
export const telegramHtml: Dialect = createLayout({
  name: 'telegram-html',
  text: escapeHtml,
  code: (value) => `<code>${escapeHtml(value)}</code>`,
  styled: (kind, inner) => `<${tags[kind]}>${inner}</${tags[kind]}>`,
  // Telegram finds bare links by itself.
  link: linkText,
  heading: (_depth, inner) => `<b>${inner}</b>`,
  codeBlock: (lang, value) =>
    lang === null
      ? `<pre>${escapeHtml(value)}</pre>`
      : `<pre><code class="language-${escapeAttribute(lang)}">${escapeHtml(value)}</code></pre>`,
  isTooWide: isTooWideForPhones,
  table: (table) => `<pre>${escapeHtml(alignTable(table))}</pre>`,
  quote: (inner) => `<blockquote>${inner}</blockquote>`,
  framed: true,
  rule: '———',
});

function linkText(link: Link, inner: string): string {
  // A link to a user is a mention of him.
  if (isBareLink(link) || /^tg:\/\/user\b/i.test(link.href)) return inner;
  return `<a href="${escapeAttribute(link.href)}">${inner}</a>`;
}
