import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRender } from './index.ts';

const render = createRender();
const unlimited = { limit: 1_000_000, countedAs: 'utf16' } as const;
const telegram = { dialect: 'telegram-html', countedAs: 'utf16' } as const;

const fixturePath = (fixture: string, file: string): string =>
  fileURLToPath(new URL(`fixtures/${fixture}/${file}`, import.meta.url));

const sourceOf = (fixture: string): string => readFileSync(fixturePath(fixture, 'source.md'), 'utf8');

function rendered(markdown: string, dialect: string): string {
  const chunks = render.chunk(markdown, { dialect, ...unlimited });
  // What cannot be seen is shown, so that a person can read the file.
  const shown = chunks.map((chunk) => chunk.text.replaceAll('\u001B', '␛').replaceAll('\u200B', '⁞'));
  return `${shown.join('\n')}\n`;
}

const files = [
  ['telegram-rich', 'telegram-rich.txt'],
  ['telegram-html', 'telegram-html.txt'],
  ['discord', 'discord.txt'],
  ['slack-markdown', 'slack-markdown.txt'],
  ['slack-mrkdwn', 'slack-mrkdwn.txt'],
  ['whatsapp', 'whatsapp.txt'],
  ['email-html', 'email.html'],
  ['terminal', 'terminal.txt'],
  ['html', 'page.html'],
  ['plain', 'plain.txt'],
] as const;

for (const fixture of ['answer', 'everything', 'hostile']) {
  test.each(files)(`${fixture} in %s`, async (dialect, file) => {
    await expect(rendered(sourceOf(fixture), dialect)).toMatchFileSnapshot(fixturePath(fixture, file));
  });
}

test('a long answer is split between blocks, with fence, table header and styles opened again', async () => {
  const chunks = render.chunk(sourceOf('answer'), { ...telegram, limit: 180 });
  const shown = chunks.map((chunk) => `${chunk.text}\n\n   ↑ rendered   ↓ source\n\n${chunk.markdown}\n`);
  await expect(shown.join('\n════════\n\n')).toMatchFileSnapshot(fixturePath('answer', 'chunks.txt'));
});

test('terminal without colour says what terminal says', () => {
  const coloured = rendered(sourceOf('everything'), 'terminal').replace(/␛\[[\d;]*m/g, '');
  expect(rendered(sourceOf('everything'), 'terminal-plain')).toBe(coloured);
});

test('nothing to say is no chunk', () => {
  for (const nothing of ['', ' \n\t\n', '&nbsp;', '```\n\n```', '>', '#']) {
    expect(render.chunk(nothing, { ...telegram, limit: 64 })).toEqual([]);
  }
});

test('a text that fits keeps its source', () => {
  const chunks = render.chunk('\n\n    code\n\n*a*\n', { ...telegram, limit: 64 });
  expect(chunks).toEqual([{ markdown: '    code\n\n*a*', text: '<pre>code</pre>\n\n<i>a</i>' }]);
});

test('plain is among the dialects, and an unknown one or a tiny limit is a defect', () => {
  expect(render.dialects).toContain('plain');
  expect(() => render.chunk('a', { dialect: 'smoke-signals', ...unlimited })).toThrow('smoke-signals');
  expect(() => render.chunk('a', { ...telegram, limit: 63 })).toThrow(RangeError);
});

test('a heading goes with what follows it', () => {
  const chunks = render.chunk(`${'x'.repeat(50)}\n\n# Title\n\n${'y'.repeat(60)}`, {
    ...telegram,
    limit: 100,
  });
  expect(chunks.map((chunk) => chunk.text)).toEqual(['x'.repeat(50), `<b>Title</b>\n\n${'y'.repeat(60)}`]);
});

test('a split list goes on with its numbers', () => {
  const markdown = Array.from({ length: 12 }, (_, i) => `${i + 5}. item ${i + 5}`).join('\n');
  const chunks = render.chunk(markdown, { ...telegram, limit: 64 });
  expect(chunks.length).toBeGreaterThan(1);
  expect(chunks.map((chunk) => chunk.text).join('\n')).toBe(markdown);
});

test('a long paragraph is split after a sentence where one ends in time, else between words', () => {
  const sentences = render.chunk('This is the first sentence of all. And this one is the second of them.', {
    ...telegram,
    limit: 64,
  });
  expect(sentences.map((chunk) => chunk.text)).toEqual([
    'This is the first sentence of all.',
    'And this one is the second of them.',
  ]);
  const words = render.chunk('word '.repeat(40), { ...telegram, limit: 64 });
  expect(words.every((chunk) => /^word( word)*$/.test(chunk.text))).toBe(true);
});

test('a style that is split is closed and opened again', () => {
  const chunks = render.chunk(`**bold ${'word '.repeat(20)}_${'both '.repeat(20)}_**`, {
    ...telegram,
    limit: 80,
  });
  expect(chunks.length).toBeGreaterThan(2);
  for (const chunk of chunks) expect(chunk.text).toMatch(/^<b>.*<\/b>$/);
  for (const chunk of chunks) expect(chunk.markdown).toMatch(/^\*\*.*\*\*$/);
});

test('a reference is resolved in every chunk, wherever its definition stands', () => {
  const markdown = `${'See [the manual][m], please. '.repeat(20)}\n\n[m]: https://m.example`;
  const chunks = render.chunk(markdown, { ...telegram, limit: 200 });
  expect(chunks.length).toBeGreaterThan(3);
  for (const chunk of chunks)
    expect(rendered(chunk.markdown, 'plain')).toContain('the manual (https://m.example)');
});

test('a table too wide for a chunk becomes a record for each row', () => {
  const markdown = `| Name | Text |\n|---|---|\n| a | ${'long '.repeat(30)}|\n| b | short |`;
  const texts = render.chunk(markdown, { ...telegram, limit: 100 }).map((chunk) => chunk.text);
  expect(texts[0]).toBe('• Name: <b>a</b>');
  expect(texts[1]).toMatch(/^• Text: long long/);
  expect(texts.at(-1)).toContain('• Name: <b>b</b>\n  ◦ Text: short');
});

test('a table too wide for a phone is said row by row, short rows in one go; a narrow one stays a table', () => {
  const table = (long: string): string =>
    `| # | Name | Text |\n|--:|---|---|\n| 1 | [a](https://a.b) | ${long} |\n| 2 | | x |`;
  const textOf = (markdown: string): string =>
    render
      .chunk(markdown, { ...telegram, limit: 4_000 })
      .map((chunk) => chunk.text)
      .join('');
  expect(textOf(table('short'))).toMatch(/^<pre> *#/);
  expect(textOf(table('a few more words than would fit'))).toBe(
    '• #<b>1</b> · Name: <a href="https://a.b">a</a> · Text: a few more words than would fit\n• #<b>2</b> · Text: x',
  );
  expect(textOf(table('many more words than that '.repeat(6)))).toMatch(
    /^• #<b>1<\/b>\n {2}◦ Name: <a href="https:\/\/a\.b">a<\/a>\n {2}◦ Text: many/,
  );
});

test('a line that introduces what follows goes with it, as all its headings do', () => {
  const code = `\`\`\`\n${'z'.repeat(70)}\n\`\`\``;
  const markdown = `${'x'.repeat(50)}\n\n# One\n\n## Two\n\nLike this:\n\n${code}`;
  const chunks = render.chunk(markdown, { dialect: 'discord', limit: 120, countedAs: 'utf16' });
  expect(chunks.map((chunk) => chunk.text)).toEqual([
    'x'.repeat(50),
    `# One\n\n## Two\n\nLike this:\n\n${code}`,
  ]);
});

test('code is cut between its paragraphs where there is one near the end', () => {
  const code = (lines: number): string => 'a();\n'.repeat(lines);
  const markdown = `\`\`\`\n${code(12)}\n${code(8)}\`\`\``;
  const chunks = render.chunk(markdown, { dialect: 'discord', limit: 90, countedAs: 'utf16' });
  expect(chunks[0]?.text).toBe(`\`\`\`\n${code(12)}\`\`\``);
});

test('a link too long to be linked under the limit is written out', () => {
  const href = `https://long.example/${'path/'.repeat(30)}`;
  const chunks = render.chunk(`[label](${href})`, { ...telegram, limit: 100 });
  expect(
    chunks
      .map((chunk) => chunk.text)
      .join('')
      .replace(/\s/g, ''),
  ).toBe(`label(${href})`);
});

test('an unfinished answer, as a preview shows it, is read as far as it goes', () => {
  expect(rendered('Look:\n\n```ts\nconst a = 1;', 'telegram-html')).toBe(
    'Look:\n\n<pre><code class="language-ts">const a = 1;</code></pre>\n',
  );
  expect(rendered('- one\n- **tw', 'telegram-html')).toBe('• one\n• **tw\n');
});
