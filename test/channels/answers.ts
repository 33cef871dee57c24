/** An answer with everything that is hard to cut: long paragraphs, nested lists, wide tables, long code. Each `wN` stands once. */
export function richAnswer(): string {
  let last = 0;
  const next = (): string => `w${(last += 1)}x`;
  const words = (count: number): string => Array.from({ length: count }, next).join(' ');
  const list = Array.from({ length: 12 }, () => `- ${words(3)}\n  1. ${words(2)}\n  2. ${words(2)}`);
  const rows = Array.from({ length: 25 }, () => `| ${next()} | ${words(3)} | ${next()} |`);
  const code = Array.from({ length: 120 }, () => `  const ${next()} = "<b>&amp; @everyone *${next()}*";`);
  return [
    `# About ${next()}`,
    ...Array.from({ length: 6 }, () => words(120)),
    list.join('\n'),
    `> ${words(20)}`,
    ['| a | b | c |', '| --- | --- | --- |', ...rows].join('\n'),
    ['```ts', 'function f() {', ...code, '}', '```'].join('\n'),
    `A [link ${next()}](https://example.org/a_b) and \`${next()}\` and **${next()}**.`,
    'The end',
  ].join('\n\n');
}

/** The words of `richAnswer` that stand in a text, in order. */
export function markersIn(text: string): readonly string[] {
  return text.match(/w\d+x/g) ?? [];
}
