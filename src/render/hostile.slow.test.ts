import { expect, test } from 'vitest';
import { createRender } from './index.ts';
import { measure } from './measure.ts';

const render = createRender();
const telegram = { dialect: 'telegram-html', limit: 4_096, countedAs: 'utf16' } as const;
const textOf = (markdown: string, dialect: string): string =>
  render
    .chunk(markdown, { dialect, limit: 100_000, countedAs: 'utf16' })
    .map((chunk) => chunk.text)
    .join('\n');

test.each(render.dialects)(
  'a terminal escape, NUL and half a surrogate pair never come out of %s',
  (dialect) => {
    const text = textOf('a\u001B]0;title\u0007b \0 c\ud800d &#27;[2J `\u001B[31m` \u009b31m', dialect);
    const own = /\p{Cc}\[(?:0|1|2|3|4|9|36|22|23|24|29|39|1;35|22;39)m/gu; // the styles of the terminal dialect
    expect(text.replace(own, '')).not.toMatch(/[\p{Cc}--[\n\t]]/v);
    expect(text.isWellFormed()).toBe(true);
  },
);

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  '//evil.example',
  'tg:x',
])('a link to %s is only text', (target) => {
  for (const dialect of ['telegram-html', 'html']) {
    expect(textOf(`[label](${target}) <${target}>`, dialect)).not.toContain('<a ');
  }
});

test('one long link target is cut off from its label, not repeated through a hundred messages', () => {
  const chunks = render.chunk(
    `[${'label '.repeat(1_000)}](https://a.example/${'x'.repeat(4_000)})`,
    telegram,
  );
  expect(chunks.length).toBeLessThan(5);
});

const length = 60_000;
const repeat = (part: string): string => part.repeat(length / part.length);
const hostile: Readonly<Record<string, string>> = {
  'quotes in quotes on one line': `${repeat('>')}a`,
  'lists in lists on one line': `${repeat('- ')}a`,
  'lists in lists on many lines': Array.from({ length: 340 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n'),
  'a quote continued lazily': `> a\n${repeat('a\n')}`,
  'a quote continued lazily behind what looks like a fence': `> a\n    \`\`\`\n${repeat('a\n')}`,
  'open brackets': repeat('['),
  'open styles': repeat('**a *b '),
  'closed styles': repeat('*a*'),
  'footnote references': repeat('[^a]'),
  definitions: repeat('[a]: b\n'),
  'a table of many columns': `${repeat('|a')}\n${repeat('|-')}\n${repeat('|b')}`,
  'a table of one long cell': `|a|b|\n|-|-|\n${'|b|c|\n'.repeat(500)}|${repeat('x')}|`,
  'one long code line': `\`\`\`js\n${repeat('x')}\n\`\`\``,
  'one long grapheme': `**a**${repeat('\u0301')}`,
};

test.each(Object.entries(hostile))(
  '%s ends soon, within the limit',
  (_name, markdown) => {
    const chunks = render.chunk(markdown, telegram);
    expect(chunks.every((chunk) => chunk.text.length <= telegram.limit)).toBe(true);
    expect(chunks.length).toBeLessThan(200);
  },
  30_000,
);

/** What costs most in the dialects that have to look for marks and measure tables. */
const costly: Readonly<Record<string, string>> = {
  'a table of many columns': hostile['a table of many columns'] ?? '',
  'a table of many rows': `|a|b|\n|-|-|\n${repeat('|*b*|@here <@1>|\n')}`,
  'lists in lists': hostile['lists in lists on many lines'] ?? '',
  'styles that open and close': repeat('*a* _b_ ~~c~~ `d` '),
  'marks that may pair up': repeat(String.raw`\*a \_b \~c \`d \| \# @here \<@1> `),
};

const chats = [
  'telegram-rich',
  'discord',
  'slack-markdown',
  'slack-mrkdwn',
  'whatsapp',
  'email-html',
  'plain',
];

test.each(chats.flatMap((dialect) => Object.entries(costly).map((each) => [dialect, ...each] as const)))(
  '%s says %s soon, within the limit',
  (dialect, _name, markdown) => {
    const chunks = render.chunk(markdown, { dialect, limit: 2_000, countedAs: 'utf16' });
    expect(chunks.every((chunk) => chunk.text.length <= 2_000)).toBe(true);
    expect(chunks.length).toBeLessThan(500);
  },
  30_000,
);

test.each([
  ['emoji', '👨‍👩‍👧‍👦'],
  ['nested markup', '> - **a _b_** `c`\n'],
])(
  'a megabyte of %s ends soon, within the limit, and nothing is lost',
  (_name, part) => {
    const markdown = part.repeat(1_000_000 / part.length);
    const chunks = render.chunk(markdown, { dialect: 'telegram-html', limit: 4_096, countedAs: 'bytes' });
    expect(chunks.every((chunk) => measure(chunk.text, 'bytes') <= 4_096)).toBe(true);
    const letters = (text: string): number => text.replace(/&gt;/g, '>').replace(/\s/g, '').length;
    expect(chunks.reduce((sum, chunk) => sum + letters(chunk.text), 0)).toBe(letters(markdown));
  },
  60_000,
);
