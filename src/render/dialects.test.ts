import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRender } from './index.ts';
import { cleanSource } from './parse/prepare.ts';
import { parseMarkdown } from './parse/parse.ts';
import { readers } from './testing/readers.ts';
import { blocksToMarkdown } from './write/markdown.ts';

const render = createRender();
const whole = { limit: 1_000_000, countedAs: 'utf16' } as const;

const textOf = (markdown: string, dialect: string): string =>
  render
    .chunk(markdown, { dialect, ...whole })
    .map((chunk) => chunk.text)
    .join('\n');

const marks =
  '* ** _ __ ~ ~~ ` `` ``` | || # ## > >>> - -# + = == 1. 2) [ ] ( ) < > & ; ! @ : :// www. $ $$ \\ / . ,';
const words =
  'a b word é 漢字 😀 7 http:// https://x.y &lt; &amp; &#64; <b> </b> <tg-button> <br> [x](https://a.b) <https://a.b> :smile: a@b.cd';
const mentions =
  '@everyone @here @channel <@123> <@!123> <@&123> <#123> <!here> <!channel> <!everyone> <!subteam^S1> <@U1> @5511999 <t:1:R>';

const piece = fc.constantFrom(...`${marks} ${words} ${mentions}`.split(' '), ' ', ' ', '\n');

/** A paragraph of one run of text, without blanks at the ends of its lines. */
const paragraph = fc
  .array(piece, { minLength: 1, maxLength: 30 })
  .map((parts) =>
    parts
      .join('')
      .replace(/[^\S\n]*\n\s*/g, '\n')
      .trim(),
  )
  .filter((text) => text !== '');

test.each(Object.entries(readers))(
  'text is only text on %s, however much it looks like markup',
  (dialect, read) => {
    fc.assert(
      fc.property(paragraph, (text) => {
        const source = blocksToMarkdown([{ type: 'paragraph', children: [{ type: 'text', value: text }] }]);
        expect(read(textOf(source, dialect))).toBe(text);
      }),
      { numRuns: 300 },
    );
  },
);

test('the readers of the test above find the markup they are there for', () => {
  const found: Readonly<Record<string, readonly string[]>> = {
    discord: ['**a**', '*a*', '_a_', '__a__', '~~a~~', '||a||', '`a`', '# a', '- a', '1. a', '> a', '-# a'],
    'slack-markdown': [
      '**a**',
      '*a*',
      '_a_',
      '~~a~~',
      '`a`',
      '# a',
      '- a',
      '1. a',
      '> a',
      '<!here>',
      '@here',
    ],
    'slack-mrkdwn': ['*a*', '_a_', '~a~', '`a`', '<!here>', '&gt; a', '@here', '<https://a.b|c>'],
    'telegram-rich': [
      '**a**',
      '*a*',
      '<b>a</b>',
      '\\<b>',
      '$a$',
      '==a==',
      '||a||',
      '| a |\n|-|',
      '[a](http://b.c)',
    ],
    whatsapp: ['*a*', '_a_', '~a~', '`a`', '> a', '- a', '@55119999', '@all'],
  };
  for (const [dialect, texts] of Object.entries(found)) {
    for (const text of texts) expect(readers[dialect]?.(text), `${dialect}: ${text}`).toContain('⟦');
  }
});

/** What calls somebody, on each platform, wherever it stands in what is sent. */
const calls: Readonly<Record<string, RegExp>> = {
  discord: /@everyone|@here|<@[!&]?\d+>|<#\d+>/i,
  'slack-markdown': /<[@#!]|@(?:here|channel|everyone)\b/i,
  'slack-mrkdwn': /<[@#!]|@(?:here|channel|everyone)\b/i,
  whatsapp: /(?<![a-zA-Z0-9/])@(?:\+?\d{5}|(?:all|everyone)\b)/i,
  'telegram-rich': /\]\(tg:\/\/user/i,
  'telegram-html': /href="tg:\/\/user/i,
  plain:
    /@everyone|@here\b|<@[!&]?\d|<@[A-Z0-9]|<#[A-Z0-9]|<!(?:here|channel|subteam)\b|(?<![a-zA-Z0-9/])@\d{5}/i,
};

const pieces = fc.constantFrom(
  ...mentions.split(' '),
  ...'@ < <@ <# <! everyone here channel 123> > &#64; &lt; **everyone** *here* _123_ ~~channel~~ <b> \u200B'.split(
    ' ',
  ),
  '**',
  '_',
  '[',
  '](https://x.y/@everyone)',
  '[a](tg://user?id=1)',
  '> ',
  '- ',
  '\n',
  '\n\n',
  '|a|b|\n|-|-|\n|',
  '|',
);

test.each(Object.entries(calls))(
  '%s calls nobody, from whatever parts a mention comes together',
  (dialect, call) => {
    const soup = fc.array(pieces, { minLength: 1, maxLength: 25 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, fc.integer({ min: 64, max: 300 }), (markdown, limit) => {
        for (const chunk of render.chunk(markdown, { dialect, limit, countedAs: 'utf16' })) {
          // No platform looks for mentions in targets of links or in fixed-width blocks; Slack's tokens: the next test.
          const shown = chunk.text.replace(/^.*```[^]*?```$/gm, '').replace(/(?:https\\?|mailto):\S*/g, 'x');
          expect(shown).not.toMatch(call);
        }
      }),
      { numRuns: 300 },
    );
  },
);

test('where a style cannot be written, the words around it do not become a mention', () => {
  const markdown = '@**everyone*here***everyone**@everyone';
  expect(textOf(markdown, 'slack-markdown')).not.toMatch(/@(?:here|channel|everyone)\b/i);
});

test('Slack reads its tokens in code too: there they are broken up as well, and only they', () => {
  const markdown = '`<!here> <!DOCTYPE html>`\n\n```\n<@U1> <a href>\n```';
  expect(textOf(markdown, 'slack-markdown').replaceAll('\u200B', '⁞')).toBe(
    '`<⁞!here> <!DOCTYPE html>`\n\n```\n<⁞@U1> <a href>\n```',
  );
});

test('a mention that calls nobody reads the same', () => {
  const markdown = 'Hello @everyone, <@123> and @channel!';
  for (const dialect of ['discord', 'plain', 'whatsapp']) {
    const shown = textOf(markdown, dialect).replaceAll('\u200B', '').replaceAll('\\', '');
    expect(shown).toBe(markdown);
  }
});

test('a label that names another place than its link goes to is shown with its target', () => {
  const links =
    '[https://bank.com](https://evil.net) [bank.com](https://evil.net) [a@bank.com](mailto:b@evil.net)';
  for (const dialect of render.dialects) {
    const shown = textOf(links, dialect).replace(/[\\<>[\]]|\p{Cc}\[[\d;]*m/gu, '');
    expect(shown, dialect).toMatch(
      /bank\.com[^]*evil\.net[^]*bank\.com[^]*evil\.net[^]*bank\.com[^]*evil\.net/,
    );
  }
  for (const label of [
    'bank.com/login',
    'bank.com:443',
    'ba\u200Bnk.com',
    'ht\u00ADtps://bank.com',
    '🔒 bank.com',
    '(bank.com).',
  ]) {
    const shown = textOf(`[${label}](https://evil.net)`, 'discord');
    expect(shown, label).toMatch(/com.*evil\.net/);
    expect(shown, label).not.toContain('](');
  }
  const honest =
    '[bank.com](https://www.bank.com/x) [README.md](https://a.net) [bank.com](https://docs.bank.com)' +
    ' [src/main.rs](https://a.net) [and/or 1.5](https://a.net) [bank.com/x](https://bank.com/y)';
  expect(parseMarkdown(cleanSource(honest))).toMatchObject([
    { children: Array.from({ length: 11 }, (_, at) => (at % 2 === 0 ? { type: 'link' } : {})) },
  ]);
});

test('a fence that is split is closed and opened again, with its language where there are languages', () => {
  const code = `~~~ts\n${'const a = 1;\n'.repeat(40)}~~~`;
  for (const [dialect, opening] of [
    ['discord', '```ts\n'],
    ['slack-markdown', '```ts\n'],
    ['telegram-rich', '```ts\n'],
    ['slack-mrkdwn', '```\n'],
    ['whatsapp', '```\n'],
  ] as const) {
    const chunks = render.chunk(code, { dialect, limit: 100, countedAs: 'utf16' });
    expect(chunks.length).toBeGreaterThan(4);
    for (const { text } of chunks) {
      expect(text.startsWith(opening), dialect).toBe(true);
      expect(text.endsWith('\n```'), dialect).toBe(true);
      expect(text.match(/```/g)).toHaveLength(2);
    }
  }
});

test('code that holds fences cannot leave its own', () => {
  const code = '~~~\na\n```\n@everyone **b**\n```` \n~~~';
  for (const dialect of ['discord', 'slack-mrkdwn', 'whatsapp']) {
    expect(textOf(code, dialect).match(/`{3}/g), dialect).toHaveLength(2);
  }
  for (const dialect of ['slack-markdown', 'telegram-rich']) {
    expect(textOf(code, dialect), dialect).toMatch(/^`{5}\n[^]*\n`{5}$/);
  }
});

test('rich messages of Telegram are for tables, wherever they stand', () => {
  const table = '|a|b|\n|-|-|\n|c|d|';
  for (const markdown of [
    table,
    `> ${table.replaceAll('\n', '\n> ')}`,
    `- x\n\n  ${table.replaceAll('\n', '\n  ')}`,
  ]) {
    expect(render.suits(markdown, 'telegram-rich')).toBe(true);
  }
  for (const markdown of ['', 'a | b', `\`\`\`\n${table}\n\`\`\``, '# a\n\n- b']) {
    expect(render.suits(markdown, 'telegram-rich')).toBe(false);
    expect(render.suits(markdown, 'telegram-html')).toBe(true);
  }
});

test('a message holds no more rows and blocks than its platform takes', () => {
  const table = `|n|m|\n|-|-|\n${'|1|2|\n'.repeat(300)}`;
  const slack = render.chunk(table, { dialect: 'slack-markdown', limit: 12_000, countedAs: 'utf16' });
  expect(slack.length).toBe(4);
  for (const { text } of slack) expect(text.split('\n').length).toBeLessThanOrEqual(100);
  const items = '- a\n'.repeat(1_200);
  const rich = render.chunk(items, { dialect: 'telegram-rich', limit: 32_768, countedAs: 'utf16' });
  for (const { text } of rich) expect(text.split('\n').length * 2).toBeLessThanOrEqual(500);
  const wide = `${'|a'.repeat(30)}|\n${'|-'.repeat(30)}|\n`;
  expect(textOf(wide, 'telegram-rich')).toMatch(/^- \*\*a\*\* · a/);
});
