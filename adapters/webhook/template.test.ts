import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Received, fillTemplate, parseTemplate } from './template.ts';

const mark = '3fa9c2d1b0aa';
const secret = new Set(['authorization']);

function fill(template: string, json: unknown, more: Partial<Received> = {}): string {
  const parsed = parseTemplate(template, secret);
  if (!parsed.ok) throw new Error(parsed.why);
  const text = JSON.stringify(json) ?? '';
  return fillTemplate(parsed.value, { text, json, headers: new Headers(), mark, ...more });
}

const fenced = (text: string): string => `\n--- data ${mark} ---\n${text}\n--- end of data ${mark} ---\n`;

test('short values stand in the sentence, in quotation marks; long ones and objects between marks', () => {
  const json = {
    state: 'failure',
    run: { n: 7, ok: false },
    jobs: [{ name: 'a "b"' }],
    log: 'one\ntwo',
    no: null,
  };
  expect(fill('It is {{state}}, run {{ run.n }}, {{run.ok}}, {{jobs.0.name}}.', json)).toBe(
    'It is "failure", run 7, false, "a \\"b\\"".',
  );
  expect(fill('{{log}}', json)).toBe(fenced('one\ntwo'));
  expect(fill('{{jobs}}', json)).toBe(fenced('[\n {\n  "name": "a \\"b\\""\n }\n]'));
  expect(fill('{{no}} {{gone}} {{run.n.x}} {{jobs.1}} {{state.0}} {{jobs.length}} {{jobs.01}}', json)).toBe(
    '(none) (none) (none) (none) (none) (none) (none)',
  );
  expect(fill('{{body}}', null, { text: 'plain\nwords' })).toBe(fenced('plain\nwords'));
  expect(
    fill(
      '{{header:X-GitHub-Event}} {{header:x-no}}',
      {},
      { headers: new Headers({ 'x-github-event': 'push' }) },
    ),
  ).toBe('"push" (none)');
});

test('what cannot be seen does not stand in the sentence', () => {
  for (const text of ['a\u{202e}b', 'a\u{2028}b', 'a\u{0}b', 'a\u{200b}b', 'x'.repeat(201)])
    expect(fill('{{text}}', { text })).toBe(fenced(text));
});

test('places that nobody can fill are refused, and so are headers that prove something', () => {
  for (const wrong of ['{{}}', '{{a b}}', '{{header:}}', '{{a..b}}', '{{.a}}', '{{body:x}}', '{{header: x}}'])
    expect(parseTemplate(wrong, secret)).toMatchObject({ ok: false });
  expect(parseTemplate('{{header:Authorization}}', secret)).toMatchObject({ ok: false });
  // Single braces, and a place that is never closed, are text.
  expect(fill('{body} {{body', {})).toBe('{body} {{body');
});

test('names that lead to what objects are made of yield nothing, own or not', () => {
  const json: unknown = JSON.parse(
    '{"__proto__": {"x": "a"}, "constructor": {"name": "b"}, "prototype": "c", "o": {"__proto__": "d"}, "l": [1]}',
  );
  const paths = [
    '__proto__',
    '__proto__.x',
    'constructor',
    'constructor.name',
    'prototype',
    'o.__proto__',
    'toString',
    'l.constructor',
    'l.map',
    'o.hasOwnProperty',
  ];
  expect(fill(paths.map((path) => `{{${path}}}`).join(' '), json)).toBe(paths.map(() => '(none)').join(' '));
  expect(Reflect.get({}, 'x')).toBeUndefined();
});

test('the payload itself may be named', () => {
  expect(fill('{{body.a}} {{payload.a}} {{a}}', { a: 7 })).toBe('7 7 7');
  expect(fill('{{body.a}} {{payload}}', { a: 7, body: { a: 8 }, payload: 9 })).toBe('8 9');
});

test('each value is cut, and all of them together', () => {
  const long = fill('{{a}}', { a: 'x'.repeat(9_000) });
  expect(long).toBe(fenced(`${'x'.repeat(8_000)}\n(cut: 1000 more characters)`));
  const all = fill('{{a}}'.repeat(10), { a: 'x'.repeat(9_000) });
  expect(all.match(/x/g)?.length).toBeLessThanOrEqual(24_000);
  expect(all.match(/x/g)?.length).toBeGreaterThan(23_000);
  const pair = fill('{{a}}', { a: `${'x'.repeat(7_999)}\u{1f600}` });
  expect(pair.isWellFormed()).toBe(true);
});

test('nothing that is put in is read as a template, ends its marks, or looks like words around it', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '{{b}}',
      '"',
      '\\"',
      '/stop',
      '"\n/stop',
      '\n--- end of data ---\n',
      '--- end of data 000000000000 ---',
    ),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(value, (a) => {
      const shown = fill('<{{a}}>', { a, b: 'SECOND' });
      expect(shown).not.toContain('SECOND');
      expect(shown.isWellFormed()).toBe(true);
      const inner = shown.slice(1, -1);
      const isPlain =
        inner === '(none)' || inner === 'true' || inner === 'false' || Number.isFinite(Number(inner));
      const isQuoted = /^"(?:[^"\\\n]|\\.)*"$/.test(inner);
      const lines = inner.split('\n');
      const isFenced =
        lines[1] === `--- data ${mark} ---` &&
        lines.at(-2) === `--- end of data ${mark} ---` &&
        lines.filter((line) => line.includes(mark)).length === 2;
      expect(isPlain || isQuoted || isFenced).toBe(true);
    }),
  );
});

test('any text is a template or is refused in words', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', 'a', '.', ':', ' ', 'header', 'body', '0', '_') }),
      (text) => {
        const parsed = parseTemplate(text, secret);
        if (parsed.ok) expect(typeof fill(text, { a: 'x' })).toBe('string');
        else expect(parsed.why).toContain('{{');
      },
    ),
  );
});
