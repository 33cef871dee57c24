import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseHtml } from './html.ts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

test('escaped text reads as itself, inside any tag', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('b', 'i', 'code', 'pre', 'blockquote'), (text, tag) => {
      expect(parseHtml(`<${tag}>${escape(text)}</${tag}>`)).toEqual({ ok: true, text });
    }),
  );
});

test.each([
  ['<b>open', "Can't find end tag"],
  ['<b><i>x</b></i>', 'Unmatched end tag'],
  ['x</b>', 'Unexpected end tag'],
  ['<div>x</div>', 'Unsupported start tag'],
  ['1 < 2', 'Unsupported start tag'],
])('%s is refused', (html, words) => {
  expect(parseHtml(html)).toMatchObject({ ok: false, error: expect.stringContaining(words) });
});

test.each([
  ['<a href="https://example.org/?a=1&b=2">x</a>', 'x'],
  ['<pre><code class="language-ts">x</code></pre>', 'x'],
  ['<blockquote expandable>x</blockquote>', 'x'],
  ['&#39;&#x41;&nbsp;&', "'A&nbsp;&"],
])('%s is shown as %s', (html, text) => {
  expect(parseHtml(html)).toEqual({ ok: true, text });
});
