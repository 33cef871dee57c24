import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldText } from './fold.ts';

test('a text within the limit is left as it is', () => {
  expect(foldText('short', 5, 7)).toBe('short');
});

test('a long text keeps head and tail and says how to read on', () => {
  const text = Array.from({ length: 1_000 }, (_, i) => i).join(' ');
  const folded = foldText(text, 100, 7);
  expect(folded.startsWith(text.slice(0, 70))).toBe(true);
  expect(folded.endsWith(text.slice(-30))).toBe(true);
  expect(folded).toContain(`[${text.length - 100} characters left out: call expand with id 7 and offset 70]`);
});

test('no character is split, and nothing is counted wrong', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 30 }),
      fc.integer({ min: 1, max: 29 }),
      (text, limit) => {
        const folded = foldText(text.toWellFormed(), limit, 1);
        expect(folded.isWellFormed()).toBe(true);
        const [, left = '', offset = ''] =
          /\[(\d+) characters left out: .* offset (\d+)\]/.exec(folded) ?? [];
        const tail = folded.length - folded.lastIndexOf('\n…\n') - 3;
        if (folded !== text) expect(Number(offset) + Number(left) + tail).toBe(text.length);
      },
    ),
  );
});
