import type { Dialect } from '../dialect/dialect.ts';
import type { Block, Cell, Inline, Item, List, Table } from '../tree.ts';
import { escapeAttribute, escapeHtml } from './escape.ts';

/** What differs between HTML for pages of our own and HTML for mail. */
export interface HtmlLook {
  readonly name: string;
  /** Attributes of an element, each with a blank before it. */
  attributes(tag: string, align?: Table['align'][number]): string;
  language(lang: string): string;
  task(checked: boolean): string;
}

const tags = { strong: 'strong', emphasis: 'em', strike: 'del' } as const;

/** Semantic HTML without scripts, pictures or anything the text wrote as HTML. */
export function createHtml(look: HtmlLook): Dialect {
  return { name: look.name, separator: '\n', block: (block) => blockHtml(block, look) };
}

function element(tag: string, inner: string, look: HtmlLook): string {
  return `<${tag}${look.attributes(tag)}>${inner}</${tag}>`;
}

function blockHtml(block: Block, look: HtmlLook): string {
  switch (block.type) {
    case 'paragraph':
      return element('p', inlineHtml(block.children, look), look);
    case 'heading':
      return element(`h${block.depth}`, inlineHtml(block.children, look), look);
    case 'code': {
      const language = block.lang === null ? '' : look.language(block.lang);
      return element('pre', `<code${language}>${escapeHtml(block.value)}</code>`, look);
    }
    case 'quote':
      return element('blockquote', block.children.map((child) => blockHtml(child, look)).join('\n'), look);
    case 'list':
      return listHtml(block, look);
    case 'table':
      return tableHtml(block, look);
    case 'rule':
      return `<hr${look.attributes('hr')}>`;
  }
}

function listHtml(list: List, look: HtmlLook): string {
  const items = list.items.map((item) => itemHtml(item, look)).join('\n');
  if (list.start === null) return element('ul', `\n${items}\n`, look);
  const start = list.start === 1 ? '' : ` start="${list.start}"`;
  return `<ol${start}${look.attributes('ol')}>\n${items}\n</ol>`;
}

function itemHtml(item: Item, look: HtmlLook): string {
  const box = item.checked === null ? '' : look.task(item.checked);
  const [first, ...rest] = item.children;
  // The first paragraph stands on the line of its bullet, as in every other dialect.
  const lead =
    first?.type === 'paragraph' ? [inlineHtml(first.children, look)] : first ? [blockHtml(first, look)] : [];
  const inner = [...lead, ...rest.map((block) => blockHtml(block, look))].join('\n');
  const attributes = look.attributes(item.checked === null ? 'li' : 'task');
  return `<li${attributes}>${box}${inner}</li>`;
}

function tableHtml(table: Table, look: HtmlLook): string {
  const row = (cells: readonly Cell[], tag: 'th' | 'td'): string => {
    const all = cells.map(
      (cell, i) =>
        `<${tag}${look.attributes(tag, table.align[i] ?? null)}>${inlineHtml(cell, look)}</${tag}>`,
    );
    return `<tr>${all.join('')}</tr>`;
  };
  const rows = table.rows.map((cells) => row(cells, 'td')).join('\n');
  const body = rows === '' ? '' : `\n<tbody>\n${rows}\n</tbody>`;
  return element('table', `\n<thead>\n${row(table.header, 'th')}\n</thead>${body}\n`, look);
}

function inlineHtml(inlines: readonly Inline[], look: HtmlLook): string {
  return inlines.map((node) => nodeHtml(node, look)).join('');
}

function nodeHtml(node: Inline, look: HtmlLook): string {
  switch (node.type) {
    case 'text':
      return lines(node.value);
    case 'code':
      return element('code', escapeHtml(node.value), look);
    case 'break':
      return '<br>\n';
    case 'link':
      return `<a href="${escapeAttribute(node.href)}"${look.attributes('a')}>${inlineHtml(node.children, look)}</a>`;
    case 'strong':
    case 'emphasis':
    case 'strike':
      return element(tags[node.type], inlineHtml(node.children, look), look);
  }
}

/** A line end in a chat is meant as one. */
function lines(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>\n');
}
