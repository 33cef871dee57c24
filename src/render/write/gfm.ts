import { isBareLink, leafText } from '../inline.ts';
import type { Link } from '../tree.ts';
import type { MarkdownStyle } from './markdown.ts';
import { zeroWidth } from './mentions.ts';

/** What differs between the platforms that read GitHub's Markdown themselves. */
export interface GfmPlatform {
  /** Text after the Markdown of it is escaped. */
  escape(text: string): string;
  code(value: string): string;
  /** Whether a link may be written as one; else its label and target are text. */
  takes(href: string): boolean;
}

/**
 * Markdown for a platform that parses it: tables and tasks are its own, line ends are kept (two blanks before each), no
 * HTML and no angle brackets are used, since platforms read their own things into them.
 */
export function createGfm(platform: GfmPlatform): MarkdownStyle {
  const text = (value: string): string => platform.escape(escapeMarkdown(value));
  return {
    text,
    code: platform.code,
    link: (link, label) => linkText(link, label, { ...platform, text }),
    hardBreak: '\n',
    seam: zeroWidth,
    lines,
    rule: '---',
    tight: true,
  };
}

function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*[\]~|#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\$&`)
    .replace(/!$/, String.raw`\!`)
    .replace(/:(?=\/\/)/g, String.raw`\:`)
    .replace(/www\./gi, (match) => `${match.slice(0, -1)}\\.`);
}

function linkText(
  link: Link,
  label: string,
  { escape, takes, text }: GfmPlatform & Pick<MarkdownStyle, 'text'>,
): string {
  const href = link.href.replace(/[()]/g, (char) => (char === '(' ? '%28' : '%29'));
  const written = leafText(link.children);
  // Nothing in a label becomes a link of its own, so a target that is its own label needs no more escapes.
  const bare = isBareLink(link) ? escape(written.replace(/[\\`*[\]~|_]/g, String.raw`\$&`)) : label;
  const shown = bare.replace(/\s*\n\s*/g, ' ');
  if (takes(href)) return `[${shown}](${href})`;
  return written === link.href ? label : `${label} (${text(link.href)})`;
}

/** Nothing at the start of a line may open a block, and an empty line would end the paragraph. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.replace(/^(\d{1,9})(?=[.)])/, '$1\\').replace(/^(?=[-+=:])/, '\\'))
    .join('  \n');
}
