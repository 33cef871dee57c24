import { array, assert, constantFrom, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { stableEnd } from './blocks.ts';

const stable = (markdown: string) => markdown.slice(0, stableEnd(markdown));

test('a block is whole once the next one begins at the margin', () => {
  expect(stable('one\ntwo')).toBe('');
  expect(stable('one\n\n')).toBe('');
  expect(stable('one\n\ntw')).toBe('one\n\n');
});

test('a list item that goes on after a blank line is not cut', () => {
  expect(stable('1. one\n\n   more of it')).toBe('');
  expect(stable('1. one\n\n   more\n\nnext')).toBe('1. one\n\n   more\n\n');
});

test('blank lines inside a code fence cut nothing', () => {
  expect(stable('```js\na\n\nb\n')).toBe('');
  expect(stable('```js\na\n\nb\n```\n\nnext')).toBe('```js\na\n\nb\n```\n\n');
  expect(stable('````\n```\n\nb\n```\n\nstill')).toBe('');
  expect(stable('- ~~~\n\ncode\n')).toBe('');
});

test('a cut stays a cut whatever comes later', () => {
  const line = constantFrom('text', '', '```', '~~~~', '- item', '  more', '> quote', '# head', '`` ` ``');
  assert(
    property(array(line), nat(), (lines, cut) => {
      const whole = lines.join('\n');
      const early = stableEnd(whole.slice(0, cut));
      // A line that is cut in its middle may still become a fence; the lines before it are settled.
      const settled = stableEnd(whole.slice(0, whole.slice(0, cut).lastIndexOf('\n') + 1));
      expect(early).toBeLessThanOrEqual(cut);
      expect(stableEnd(whole)).toBeGreaterThanOrEqual(settled);
    }),
  );
});
