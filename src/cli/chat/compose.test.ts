import { array, assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { createComposer } from './compose.ts';

const compose = (...lines: string[]) => {
  const composer = createComposer();
  return [...lines.map((line) => composer.push(line)), composer.end()];
};

test('a line is a message; a trailing backslash goes on with the next', () => {
  expect(compose('hello', 'one\\', 'two')).toEqual(['hello', null, 'one\ntwo', null]);
});

test('lines between triple quotes are one message, quotes on lines of their own or not', () => {
  expect(compose('"""', 'a', '', 'b\\', '"""')).toEqual([null, null, null, null, 'a\n\nb\\', null]);
  expect(compose('"""a', 'b"""')).toEqual([null, 'a\nb', null]);
  expect(compose('"""just this"""', 'next')).toEqual(['just this', 'next', null]);
});

test('what was begun when the input ends is a message too', () => {
  expect(compose('one\\')).toEqual([null, 'one']);
  expect(compose('"""', 'a')).toEqual([null, null, 'a']);
});

test('a block gives back any text without quotes at the end of a line', () => {
  const line = string().filter((text) => !/[\n\r]/.test(text) && !text.trimEnd().endsWith('"""'));
  assert(
    property(array(line, { minLength: 1 }), (lines) => {
      expect(compose('"""', ...lines, '"""').at(-2)).toBe(lines.join('\n'));
    }),
  );
});
