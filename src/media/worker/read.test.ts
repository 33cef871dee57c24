import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import * as make from '#test/media/files.ts';
import type { Answer } from '../protocol.ts';
import { docxMime } from './docx.ts';
import { readFile } from './read.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiro-media-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function read(bytes: Uint8Array<ArrayBuffer>, name = '', claimed = ''): Promise<Answer> {
  count += 1;
  return readFile({ bytes, name, claimed, keepAs: join(folder, `kept-${count}`) });
}

test.each<[string, Uint8Array<ArrayBuffer>, string, string | RegExp]>([
  ['plain text', make.text('Buy milk,\nand bread.'), 'text/plain', 'Buy milk,\nand bread.'],
  ['Markdown', make.text('# Plan\n\n- milk\n'), 'text/markdown', '# Plan\n\n- milk'],
  ['a table', make.text('name,price\n"a, b",1\nc,2\n'), 'text/csv', 'name,price\n"a, b",1\nc,2'],
  ['tabs', make.text('a\tb\n1\t2\n'), 'text/tab-separated-values', 'a\tb\n1\t2'],
  ['JSON', make.text('{"a": [1, 2]}'), 'application/json', '{"a": [1, 2]}'],
  ['code', make.text('export const a = 1;\n'), 'text/plain', 'export const a = 1;'],
  ['UTF-16', Buffer.from('\ufeffgrüße', 'utf16le'), 'text/plain', 'grüße'],
  ['Windows-1252', Buffer.from('na\xefve caf\xe9', 'latin1'), 'text/plain', 'naïve café'],
  [
    'a PDF',
    make.pdf('Hello from page one', 'and (two)'),
    'application/pdf',
    /page 1 of 2\]\nHello from page one\n\n\[page 2 of 2\]\nand \(two\)/,
  ],
  ['a Word document', make.docx('First paragraph', 'Second one'), docxMime, 'First paragraph\n\nSecond one'],
  [
    'a page',
    make.text(
      '<!DOCTYPE html><title>Shop</title><script>steal()</script><p>Fish &amp; chips<br>now</p><!-- x -->',
    ),
    'text/html',
    'Shop\nFish & chips\nnow',
  ],
])('%s is read as what it holds', async (...[, bytes, mime, words]) => {
  const text: unknown = words instanceof RegExp ? expect.stringMatching(words) : words;
  expect(await read(bytes)).toEqual({ outcome: 'text', mime, text });
});

test.each<[Uint8Array<ArrayBuffer>, string]>([
  [make.png(), 'png'],
  [make.jpeg(), 'jpg'],
  [make.gif(), 'gif'],
  [make.webp(), 'webp'],
])('a picture is kept for its owner alone: %#', async (bytes, extension) => {
  expect(await read(bytes)).toEqual({ outcome: 'image', extension, note: '' });
  const path = join(folder, `kept-${count}.${extension}`);
  expect(readFileSync(path)).toEqual(Buffer.from(bytes));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each<[Uint8Array<ArrayBuffer>, RegExp]>([
  [make.heic(), /image\/heic\): send it as JPEG or PNG/],
  [make.png(9_000, 10), /9000 × 10 pixels; models take up to 8000/],
  [make.png(0, 10), /damaged/],
  [make.mp4(), /a video/],
  [make.zip([{ name: 'a.txt', bytes: Buffer.from('a') }]), /of the type application\/zip/],
  [make.zip([{ name: 'xl/workbook.xml', bytes: Buffer.from('a') }]), /spreadsheetml/],
  [new Uint8Array(0), /it is empty/],
  [new Uint8Array(Buffer.from([1, 2, 3, 0, 200, 9, 7, 4])), /no text, and its type is unknown/],
  [make.pdf(''), /no text: its pages may be pictures/],
  [make.text('%PDF-1.4\nnothing of a PDF'), /damaged/],
  [make.text('  \n \n'), /no text/],
])('what cannot be read says why: %#', async (bytes, why) => {
  const answer = await read(bytes);
  expect(answer).toMatchObject({ outcome: 'unreadable', why: expect.stringMatching(why) });
  expect(existsSync(join(folder, `kept-${count}.png`))).toBe(false);
});

test.each([make.voice(), make.wav()])('a recording is handed back as it is: %#', async (bytes) => {
  expect(await read(bytes, 'note.ogg', 'audio/ogg')).toMatchObject({ outcome: 'audio', bytes });
});

test('neither name nor claimed type decide, and a mismatch is said', async () => {
  const text = await read(make.text('I am no picture'), 'cat.png', 'image/png');
  expect(text).toMatchObject({
    outcome: 'text',
    text: '[It is named or sent as a picture, but holds plain text (text/plain).]\nI am no picture',
  });
  const picture = await read(make.png(), 'report.pdf', 'application/pdf');
  expect(picture).toMatchObject({
    outcome: 'image',
    note: expect.stringContaining('sent as a PDF, but holds a picture'),
  });
  const claimed = await read(make.pdf('hi'), 'scan', 'image/jpeg');
  expect(claimed).toMatchObject({ text: expect.stringContaining('sent as a picture, but holds a PDF') });
  const fits = await read(make.text('a,b\n1,2'), 'notes.TXT', 'application/octet-stream');
  expect(fits).toMatchObject({ text: 'a,b\n1,2' });
});

test('of a long text the beginning is kept, and it is said', async () => {
  const answer = await read(make.text('🦉'.repeat(150_000)));
  expect(answer).toMatchObject({
    text: expect.stringMatching(/🦉\n\[The file is longer: the rest was not kept\.\]$/u),
  });
  expect(answer.outcome === 'text' && answer.text.length).toBeLessThan(200_100);
});

test('a document that unpacks to too much is refused, whatever sizes it states', async () => {
  const big = Buffer.alloc(40_000_000, 'a');
  for (const stated of [big.length, 100]) {
    expect(await read(make.docxWith(big, stated))).toMatchObject({
      why: 'it unpacks to more than a document may hold',
    });
  }
});

test('a document names nothing outside of itself', async () => {
  const xml = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${make
    .wordXml('<w:p><w:r><w:t>&a;here</w:t></w:r></w:p>')
    .replace(/<\?xml[^>]*>/, '')}`;
  const answer = await read(make.docxWith(Buffer.from(xml)));
  expect(JSON.stringify(answer)).not.toContain('root:');
});

test('whatever the bytes, there is an answer', async () => {
  const starts = [
    '',
    '%PDF-1.7\n',
    'PK\u0003\u0004',
    'GIF89a',
    '\u00ff\u00d8\u00ff',
    '<html',
    '{"',
    'OggS',
    '\u0089PNG\r\n\u001a\n',
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
      const bytes = new Uint8Array(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
      expect(['text', 'image', 'audio', 'unreadable']).toContain((await read(bytes)).outcome);
    }),
    { numRuns: 150 },
  );
});
