import { isBareLink, leafText } from '../inline.ts';
import type { Link } from '../tree.ts';
import { createLayout } from '../write/layout.ts';
import { marked, withoutFences } from '../write/marks.ts';
import { quietDiscord, zeroWidth } from '../write/mentions.ts';
import { isTooWideForPhones } from '../write/records.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const marks = { strong: '**', emphasis: '*', strike: '~~' } as const;

/**
 * Discord's Markdown: headings of three sizes, lists, quotes without nesting, code with a language, masked links; no
 * tables, rules or pictures. A backslash escapes any punctuation. Links stand in angle brackets, so that they do not
 * unfold into previews. Mentions are broken up although the adapter allows none: nobody is called either way.
 */
export const discord: Dialect = createLayout({
  name: 'discord',
  text: escapeText,
  code: codeSpan,
  styled: (kind, inner) => marked(inner, marks[kind]),
  link: linkText,
  heading: (depth, inner, nested) =>
    nested ? marked(inner, '**') : `${'#'.repeat(Math.min(depth, 3))} ${inner}`,
  codeBlock,
  isTooWide: isTooWideForPhones,
  table: (table) => codeBlock(null, alignTable(table)),
  quote: '> ',
  framed: false, // a line that is not indented ends the list that it stands in
  rule: '———',
  bullets: ['-'],
  joint: (before, after) => (/[*~`]$/.test(before) && after.startsWith(before.slice(-1)) ? zeroWidth : ''),
  // What opens a block counts at the start of a line only.
  lines: (text) =>
    text.replace(/^(\s*)(?=[-+>](?:#?\s|>>))/gm, '$1\\').replace(/^(\s*\d+)(?=\.\s)/gm, '$1\\'),
});

function escapeText(text: string): string {
  return quietDiscord(text.replace(/[\\*_~`|[\]<#]/g, String.raw`\$&`).replace(/:(?=\/\/)/g, String.raw`\:`));
}

function codeSpan(value: string): string {
  const runs = new Set((value.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = runs.has(1) ? (runs.has(2) ? 0 : 2) : 1;
  // Three ticks open a block of code, wherever they stand.
  if (ticks === 0) return escapeText(value);
  const fence = '`'.repeat(ticks);
  const padded = value.startsWith('`') || value.endsWith('`') ? ` ${value} ` : value;
  return fence + padded + fence;
}

function codeBlock(lang: string | null, value: string): string {
  return `\`\`\`${lang ?? ''}\n${withoutFences(value)}\n\`\`\``;
}

function linkText(link: Link, inner: string): string {
  const href = link.href.replace(/@(?=everyone|here)/gi, '%40').replace(/\)/g, '%29');
  if (!/^https?:/i.test(href)) return isBareLink(link) ? inner : `${inner} (${escapeText(href)})`;
  const label = leafText(link.children);
  if (isBareLink(link)) return `<${href}>`;
  // A label that looks like a link is not masked by Discord.
  return /:\/\//.test(label) ? `${inner} (<${href}>)` : `[${inner.replaceAll('\n', ' ')}](<${href}>)`;
}
