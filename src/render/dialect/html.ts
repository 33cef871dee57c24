import type { Block, Cell, Inline, Item, List, Table } from '../tree.ts';
import type { Dialect } from './dialect.ts';
import { escapeAttribute, escapeHtml } from './escape.ts';

const tags = { strong: 'strong', emphasis: 'em', strike: 'del' } as const;

/** For pages of our own: semantic HTML without scripts, styles, pictures or anything the text wrote as HTML. */
export const html: Dialect = { name: 'html', separator: '\n', block: blockHtml };

function blockHtml(block: Block): string {
  switch (block.type) {
    case 'paragraph':
      return `<p>${inlineHtml(block.children)}</p>`;
    case 'heading':
      return `<h${block.depth}>${inlineHtml(block.children)}</h${block.depth}>`;
    case 'code': {
      const language = block.lang === null ? '' : ` class="language-${escapeAttribute(block.lang)}"`;
      return `<pre><code${language}>${escapeHtml(block.value)}</code></pre>`;
    }
    case 'quote':
      return `<blockquote>${block.children.map(blockHtml).join('\n')}</blockquote>`;
    case 'list':
      return listHtml(block);
    case 'table':
      return tableHtml(block);
    case 'rule':
      return '<hr>';
  }
}

function listHtml(list: List): string {
  const items = list.items.map((item) => itemHtml(item)).join('\n');
  if (list.start === null) return `<ul>\n${items}\n</ul>`;
  return `<ol${list.start === 1 ? '' : ` start="${list.start}"`}>\n${items}\n</ol>`;
}

function itemHtml(item: Item): string {
  const box =
    item.checked === null ? '' : `<input type="checkbox" disabled${item.checked ? ' checked' : ''}> `;
  const [first, ...rest] = item.children;
  // The first paragraph stands on the line of its bullet, as in every other dialect.
  const lead = first?.type === 'paragraph' ? [inlineHtml(first.children)] : first ? [blockHtml(first)] : [];
  const inner = [...lead, ...rest.map(blockHtml)].join('\n');
  return `<li${item.checked === null ? '' : ' class="task"'}>${box}${inner}</li>`;
}

function tableHtml(table: Table): string {
  const row = (cells: readonly Cell[], tag: 'th' | 'td'): string => {
    const all = cells.map((cell, i) => `<${tag}${alignClass(table.align[i])}>${inlineHtml(cell)}</${tag}>`);
    return `<tr>${all.join('')}</tr>`;
  };
  const rows = table.rows.map((cells) => row(cells, 'td')).join('\n');
  const body = rows === '' ? '' : `\n<tbody>\n${rows}\n</tbody>`;
  return `<table>\n<thead>\n${row(table.header, 'th')}\n</thead>${body}\n</table>`;
}

function alignClass(align: Table['align'][number] | undefined): string {
  return align === null || align === undefined || align === 'left' ? '' : ` class="align-${align}"`;
}

function inlineHtml(inlines: readonly Inline[]): string {
  return inlines.map(nodeHtml).join('');
}

function nodeHtml(node: Inline): string {
  switch (node.type) {
    case 'text':
      return lines(node.value);
    case 'code':
      return `<code>${escapeHtml(node.value)}</code>`;
    case 'break':
      return '<br>\n';
    case 'link':
      return `<a href="${escapeAttribute(node.href)}" target="_blank" rel="noopener noreferrer">${inlineHtml(node.children)}</a>`;
    case 'strong':
    case 'emphasis':
    case 'strike':
      return `<${tags[node.type]}>${inlineHtml(node.children)}</${tags[node.type]}>`;
  }
}

/** A line end in a chat is meant as one. */
function lines(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>\n');
}
