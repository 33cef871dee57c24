import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { createFake } from '../testing/fake-deps.ts';
import { formatAge, formatCounts, formatUsd } from './format.ts';
import { createPrinter } from './printer.ts';
import { cleanText, cut, displayWidth, oneLine } from './text.ts';

test('escape sequences, control characters and direction tricks are taken out', () => {
  expect(cleanText('\u001b[2Ja\u001b]0;title\u0007b\u009b31mc\u202ed\r\ne\tf')).toBe('ab31mcd\ne\tf');
  expect(oneLine(' a\n\n b\t')).toBe('a b');
});

test('nothing that a terminal obeys is left of any text', () => {
  assert(
    property(string({ unit: 'binary' }), (text) => {
      expect(cleanText(text)).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test('width counts wide characters twice and marks not at all; cutting respects it', () => {
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301👍')).toBe(3);
  expect(cut('日本語', 4)).toBe('日…');
  expect(cut('abc', 3)).toBe('abc');
});

test('a table on a terminal is aligned and fits; piped it is tab-separated', () => {
  const rows = [
    ['a', 'x'.repeat(200)],
    ['long name', '日本\nsecond line'],
  ];
  const seen = createFake({ isTerminal: true });
  createPrinter(seen.deps).table(['NAME', 'WHAT'], rows);
  const lines = seen.out().trimEnd().split('\n');
  expect(lines[0]).toBe('NAME       WHAT');
  expect(lines[2]).toBe('long name  日本 second line');
  expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(100);

  const piped = createFake();
  createPrinter(piped.deps).table(['NAME', 'WHAT'], rows);
  expect(piped.out().split('\n')[2]).toBe('long name\t日本 second line');
});

test('an empty table says so to a reader and prints its heading to a program', () => {
  const seen = createFake({ isTerminal: true });
  createPrinter(seen.deps).table(['A', 'B'], []);
  const piped = createFake();
  createPrinter(piped.deps).table(['A', 'B'], []);
  expect([seen.out(), piped.out()]).toEqual(['Nothing.\n', 'A\tB\n']);
});

test('figures as people read them', () => {
  expect([formatUsd(0), formatUsd(0.00421), formatUsd(1.5)]).toEqual(['$0.00', '$0.0042', '$1.50']);
  expect([formatAge(0, 5_000), formatAge(0, 130_000), formatAge(0, 7_300_000)]).toEqual([
    '5 s ago',
    '2 min ago',
    '2 h ago',
  ]);
  expect([formatCounts({ done: 2, dead: 0 }), formatCounts({ done: 0 })]).toEqual(['done 2', 'none']);
});
