import { createHtml } from '../write/html.ts';
import type { Dialect } from './dialect.ts';

const mono = 'font-family:Consolas,Menlo,monospace;font-size:90%';
const cell = 'border:1px solid #d0d0d0;padding:4px 8px;vertical-align:top';
const heading = 'margin:20px 0 8px;line-height:1.3';

const styles: Readonly<Record<string, string>> = {
  p: 'margin:0 0 12px',
  h1: `${heading};font-size:22px`,
  h2: `${heading};font-size:19px`,
  h3: `${heading};font-size:17px`,
  h4: `${heading};font-size:15px`,
  h5: `${heading};font-size:15px`,
  h6: `${heading};font-size:15px`,
  pre: `margin:0 0 12px;padding:10px;background:#f5f5f5;white-space:pre-wrap;${mono}`,
  code: `background:#f5f5f5;padding:1px 3px;${mono}`,
  blockquote: 'margin:0 0 12px;padding:0 0 0 12px;border-left:3px solid #d0d0d0;color:#555555',
  ul: 'margin:0 0 12px;padding-left:24px',
  ol: 'margin:0 0 12px;padding-left:24px',
  task: 'list-style:none',
  table: 'margin:0 0 12px;border-collapse:collapse',
  th: `${cell};background:#f5f5f5`,
  td: cell,
  hr: 'margin:16px 0;border:0;border-top:1px solid #d0d0d0',
};

/**
 * For mail: each style stands in its element, since mail programs drop style sheets; no scripts, pictures, classes or
 * form fields. The blocks of a body: the adapter puts a font and the language around them.
 */
export const emailHtml: Dialect = createHtml({
  name: 'email-html',
  attributes: (tag, align) => {
    const style = styles[tag];
    if (style === undefined) return '';
    return ` style="${style}${align === undefined ? '' : `;text-align:${align ?? 'left'}`}"`;
  },
  language: () => '',
  task: (checked) => (checked ? '☑ ' : '☐ '),
});
