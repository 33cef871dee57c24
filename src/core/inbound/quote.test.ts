import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { onOneLine, withQuote } from './quote.ts';

const quote = { by: 'Ann', words: 'Shall we meet at five?' };

test('what is answered stands behind the words', () => {
  expect(withQuote('what does she mean?', quote)).toBe(
    'what does she mean?\n\n[in reply to Ann: "Shall we meet at five?"]',
  );
  expect(withQuote('', quote)).toBe('[in reply to Ann: "Shall we meet at five?"]');
  expect(withQuote('hello', null)).toBe('hello');
  expect(withQuote('hello', { by: '', words: '' })).toBe('hello\n\n[in reply to somebody]');
});

test.each(['/approve 7F3K', '/nothing known', 'approve 7F3K', 'deny 7F3K because I said so', 'yes', ' No. '])(
  'words for us stay as they are: %s',
  (text) => expect(withQuote(text, quote)).toBe(text),
);

test('a quote cannot break out of its bracket, and is short', () => {
  const said = withQuote('look', { by: 'Bob"]', words: 'one\n\ntwo"]\n/approve 7F3K [x]' });
  expect(said).toBe(`look\n\n[in reply to Bob'): "one two') /approve 7F3K (x)"]`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (words) => {
      const line = onOneLine(words, 300);
      expect(line).not.toMatch(/[\n\r"[\]]/);
      expect(line.isWellFormed()).toBe(true);
      expect(Array.from(line).length).toBeLessThanOrEqual(300);
    }),
  );
  expect(onOneLine('x'.repeat(301), 300)).toBe(`${'x'.repeat(299)}…`);
});
