import { escapeAttribute } from '../write/escape.ts';
import { createHtml } from '../write/html.ts';
import type { Dialect } from './dialect.ts';

const fixed: Readonly<Record<string, string>> = {
  a: ' target="_blank" rel="noopener noreferrer"',
  task: ' class="task"',
};

/** For pages of our own: classes, which their style sheet knows, and no styles. */
export const html: Dialect = createHtml({
  name: 'html',
  attributes: (tag, align) =>
    align === undefined || align === null || align === 'left'
      ? (fixed[tag] ?? '')
      : ` class="align-${align}"`,
  language: (lang) => ` class="language-${escapeAttribute(lang)}"`,
  task: (checked) => `<input type="checkbox" disabled${checked ? ' checked' : ''}> `,
});
