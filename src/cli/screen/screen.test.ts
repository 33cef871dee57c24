import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createScreen } from './screen.ts';

function screenWith(isTerminal: boolean, color = false) {
  const stdout = new PassThrough();
  let raw = '';
  stdout.on('data', (piece: Buffer) => (raw += piece.toString()));
  const terminal = { input: isTerminal, output: isTerminal, color, columns: () => 20, rows: () => 10 };
  const screen = createScreen({ stdout, terminal, renderTerminal: (markdown) => `<${markdown.trim()}>` });
  return { screen, raw: () => raw, shown: () => draw(raw) };
}

/** What a terminal shows of the text: moves up, erases below. */
function draw(raw: string): string {
  const lines = [''];
  // oxlint-disable-next-line no-control-regex -- a terminal's commands begin with the control character ESC, and this reads them
  for (const part of raw.split(/(\u001b\[\d*[AJm]|\n|\r)/)) {
    if (part === '\n') lines.push('');
    else if (part.startsWith('\u001b') && part.endsWith('A')) {
      lines.splice(lines.length - 1 - Number(part.slice(2, -1)));
      lines.push('');
    } else if (!part.startsWith('\u001b') && part !== '\r') lines[lines.length - 1] += part;
  }
  return lines.join('\n');
}

test('blocks are rendered for good, the unfinished one is drawn anew', () => {
  const { screen, shown } = screenWith(true, true);
  screen.delta('First');
  screen.delta(' block.\n\nSecond ');
  expect(shown()).toContain('<First block.>');
  screen.delta('block');
  screen.commit('First block.\n\nSecond block.');
  expect(shown()).toBe('<First block.>\n\n<Second block.>\n');
});

test('a long unfinished block shows its end only, and nothing of it stays behind', () => {
  const { screen, shown } = screenWith(true);
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  screen.delta(lines.join('\n'));
  expect(shown()).toContain('line 39');
  expect(shown()).not.toContain('line 5\n');
  screen.commit('done');
  expect(shown()).toBe('done\n');
});

test('an answer that starts again is not mixed with what was shown', () => {
  const { screen, shown } = screenWith(true);
  screen.delta('Wrong start\n\nof it');
  screen.restart();
  screen.delta('Right');
  screen.commit('Right.');
  expect(shown()).toBe('Wrong start\n\n(once more:)\nRight.\n');
});

test('a committed answer that differs from what was shown is shown whole', () => {
  const { screen, shown } = screenWith(true);
  screen.delta('Seen\n\nmore');
  screen.commit('Another');
  expect(shown()).toBe('Seen\n\n(the answer was changed; it is:)\nAnother\n');
});

test('notes go between, and the unfinished block comes back below them', () => {
  const { screen, shown } = screenWith(true);
  screen.delta('thinking');
  screen.note('· now');
  expect(shown()).toBe('· now\nthinking\n');
});

test('where nobody looks only the committed text is written, without any escape', () => {
  const { screen, raw } = screenWith(false);
  screen.delta('half');
  screen.restart();
  screen.delta('half');
  screen.commit('Half an\u001b[31m answer\u0007');
  expect(raw()).toBe('Half an answer\n');
});
