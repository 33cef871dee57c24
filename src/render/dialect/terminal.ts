import { isBareLink } from '../inline.ts';
import { createLayout } from '../write/layout.ts';
import { alignTable } from '../write/table.ts';
import type { Dialect } from './dialect.ts';

const styles = {
  strong: ['\u001B[1m', '\u001B[22m'],
  emphasis: ['\u001B[3m', '\u001B[23m'],
  strike: ['\u001B[9m', '\u001B[29m'],
  underline: ['\u001B[4m', '\u001B[24m'],
  dim: ['\u001B[2m', '\u001B[22m'],
  code: ['\u001B[36m', '\u001B[39m'],
  heading: ['\u001B[1;35m', '\u001B[22;39m'],
} as const;

const innerEnd = new RegExp(`${styles.code[1]}|${styles.strong[1]}`.replaceAll('[', String.raw`\[`), 'g');

type Style = keyof typeof styles;

/** ANSI colours. Escape sequences of the text itself are gone before it comes here (see parse/text). */
export const terminal: Dialect = createTerminal('terminal', (style, text) => {
  const [on, off] = styles[style];
  // An inner bold or colour that ends would end the outer one too.
  const whole = style === 'heading' ? text.replace(innerEnd, (end) => end + on) : text;
  // Each line is styled by itself: what stands before the next one (a quote's bar) keeps its own look.
  return whole.replace(/[^\n]+/g, (line) => `${on}${line}${off}`);
});

/** The same lines without colour: for pipes and NO_COLOR. */
export const terminalPlain: Dialect = createTerminal('terminal-plain', (_style, text) => text);

function createTerminal(name: string, paint: (style: Style, text: string) => string): Dialect {
  return createLayout({
    name,
    text: (value) => value,
    code: (value) => paint('code', value),
    styled: (kind, inner) => paint(kind, inner),
    link: (link, inner) =>
      isBareLink(link)
        ? paint('underline', inner)
        : `${paint('underline', inner)} ${paint('dim', `(${link.href})`)}`,
    heading: (_depth, inner) => paint('heading', inner),
    codeBlock: (_lang, value) => paint('code', value),
    table: alignTable,
    quote: paint('dim', '│ '),
    framed: false,
    rule: paint('dim', '─'.repeat(40)),
  });
}
