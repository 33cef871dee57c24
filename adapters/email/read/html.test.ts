import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { htmlToText } from './html.ts';

const text = (html: string): string => htmlToText(html).text;

test('what a person sees, as text', () => {
  const html = `<html><head><title>T</title><style>p { margin: 0 }</style></head><body>
<h1>Offer</h1><p>Dear&nbsp;Ann,<br>see <a href="https://x.test/a?b=1&amp;c=2">the list</a> &amp; <a href="https://x.test">https://x.test</a>:</p>
<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>
<table><tr><th>What</th><th>Price</th></tr><tr><td>Roof</td><td>7&euro;</td></tr></table>
<pre>a  b
  c</pre><blockquote><p>quoted</p><p>words</p></blockquote><p>Bye</p></body></html>`;
  expect(text(html)).toBe(`Offer

Dear Ann,
see the list (https://x.test/a?b=1&c=2) & https://x.test:

• one
• two
  • deep

What | Price
Roof | 7€

a  b
  c

> quoted
>
> words

Bye`);
});

test.each([
  ['display', '<p style="display: none">EVIL</p>'],
  ['display, important', '<p style="DISPLAY:none !important">EVIL</p>'],
  ['inside of it', '<div style="display:none"><p style="display:block">EVIL</p></div>'],
  ['visibility', '<span style="visibility:hidden">EVIL</span>'],
  ['no size', '<span style="font-size:0">EVIL</span>'],
  ['one pixel', '<span style="font-size: 1px">EVIL</span>'],
  ['a tenth', '<span style="font-size:0.1em">EVIL</span>'],
  ['short form', '<span style="font: 1px Arial">EVIL</span>'],
  ['see-through', '<span style="opacity:0.01">EVIL</span>'],
  ['white on white', '<span style="color:#fff">EVIL</span>'],
  ['nearly white', '<span style="color:#FEFEFE">EVIL</span>'],
  ['white by name', '<font color="white">EVIL</font>'],
  ['white, as numbers', '<span style="color: rgb(255, 255, 255)">EVIL</span>'],
  ['black on black', '<div style="background:#000"><span style="color:black">EVIL</span></div>'],
  ['moved away', '<div style="position:absolute; left:-9999px">EVIL</div>'],
  ['moved by its indent', '<p style="text-indent:-9999em">EVIL</p>'],
  ['no room', '<div style="max-height:0;overflow:hidden">EVIL</div>'],
  ['cut off', '<div style="position:absolute;clip:rect(0,0,0,0)">EVIL</div>'],
  ['attribute', '<p hidden>EVIL</p>'],
  ['for Outlook', '<p style="mso-hide:all">EVIL</p>'],
  ['a class', '<style>.x, p.y { color: red; display:none }</style><i class="a x">EVIL</i>'],
  ['a class of a kind', '<style>@media screen { p.y { display:none } }</style><p class="y">EVIL</p>'],
  ['an id', '<style>#z{font-size:1px}</style><p id="z">EVIL</p>'],
  ['a colour that is none', '<p style="color:transparent">EVIL</p>'],
  ['a colour of which nothing is left', '<p style="color:rgba(0,0,0,0)">EVIL</p>'],
  ['the same, as numbers', '<p style="color:#00000000">EVIL</p>'],
  ['white by its lightness', '<p style="color:hsl(0,0%,100%)">EVIL</p>'],
  ['made small', '<p style="transform:scale(0)">EVIL</p>'],
  ['moved by a transform', '<p style="transform:translateX(-9999px)">EVIL</p>'],
  ['a hundredth', '<p style="opacity:1%">EVIL</p>'],
  ['a calculated size', '<p style="font-size:calc(0px)">EVIL</p>'],
  ['letters as numbers', '<p style="dis\\70lay:none">EVIL</p>'],
  ['a comment in its style', '<p style="display:/**/none">EVIL</p>'],
  ['important, with a space', '<p style="display:none ! important">EVIL</p>'],
  ['clipped', '<div style="height:0;overflow:clip">EVIL</div>'],
  ['moved to the right', '<p style="position:absolute;left:9999px">EVIL</p>'],
  ['a class of a child', '<style>a>p.c{display:none}</style><a><p class="c">EVIL</p></a>'],
  ['an attribute behind a slash', '<p/style="display:none">EVIL</p>'],
  ['a named colon', '<p style="display&colon;none">EVIL</p>'],
  ['for programs that cannot show it', '<canvas>EVIL</canvas>'],
  ['a comment', '<!-- EVIL -->'],
  ['a script', '<script>"EVIL"</script>'],
  ['a template', '<template>EVIL</template>'],
  ['a field', '<textarea>EVIL</textarea>'],
  ['a text for pictures', '<img alt="EVIL" src="x">'],
  ['a title', '<b title="EVIL">x</b>'],
  ['a greater-than in an attribute', '<p title=">" style="display:none">EVIL</p>'],
  ['entities in the style', '<p style="display&#58;none">EVIL</p>'],
])('hidden: %s', (_, html) => {
  const shown = text(`<p>before</p>${html}<p>after</p>`);
  expect(shown).not.toContain('EVIL');
  expect(shown).toContain('before');
  expect(shown).toContain('after');
});

test('that something was hidden is told; what is silent by its nature is not', () => {
  expect(htmlToText('<p>a</p><p style="display:none">b</p>').hid).toBe(true);
  expect(
    htmlToText('<style>p{}</style><p>a</p><script>b</script><div style="display:none"> &zwnj; </div>').hid,
  ).toBe(false);
});

test('dark text on a dark page of light letters is seen', () => {
  expect(text('<div style="background-color:#222;color:#fff">seen</div>')).toBe('seen');
});

test('whatever stands there: it never throws, and what is hidden stays hidden', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '</p>',
      '<p>',
      '<div style="display:none">',
      '</div>',
      '<!--',
      '-->',
      '<style>',
      '&#x',
      '<br/>',
      '<table>',
      '<a href=',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(typeof text(pieces.join(''))).toBe('string');
    }),
  );
});

test('hostile HTML takes little time', () => {
  const hostile = [
    '<div>'.repeat(400_000),
    '<'.repeat(2_000_000),
    '<a '.repeat(600_000),
    `<style>${'a{'.repeat(500_000)}`,
    '<p style="'.repeat(200_000),
    '&amp'.repeat(500_000),
    '<!--'.repeat(500_000),
    '</p>'.repeat(500_000),
    '<b a="'.repeat(300_000),
    `<p>${'x'.repeat(1_900_000)}`,
    '<script>'.repeat(200_000),
    '<pre>\n'.repeat(300_000),
    `<style>p{${'a:b;'.repeat(990)}}.x{${';'.repeat(3_900)}}</style>${'<p class=x></p>'.repeat(39_000)}`,
    `<style>p{transform:${'translate('.repeat(380)}}</style>${'<p></p>'.repeat(39_000)}`,
    `<style>${`${'p,'.repeat(249)}p{${'a'.repeat(3_900)}}`.repeat(12)}</style>${'<p></p>'.repeat(39_000)}`,
  ];
  for (const html of hostile) {
    const startedAt = performance.now();
    htmlToText(html);
    expect(performance.now() - startedAt, html.slice(0, 20)).toBeLessThan(3_000);
  }
});
