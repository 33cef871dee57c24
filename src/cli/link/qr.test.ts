import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { qrLines } from './qr.ts';

const text = `https://wa.me/settings/linked_devices#2@${'aB3/'.repeat(50)}`;

/** White modules of two rows to a line: `█` both, `▀` the upper, `▄` the lower. */
function modulesOf(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => {
    const letters = line.match(/./gu) ?? [];
    return [letters.map((it) => it !== '█' && it !== '▀'), letters.map((it) => it !== '█' && it !== '▄')];
  });
}

test('what is drawn is the code, module by module, in a white edge', () => {
  const { data, size } = encode(text, { ecc: 'L', border: 2 });
  const drawn = modulesOf(qrLines(text, { color: false })).slice(0, size);
  expect(drawn).toEqual(data);
  expect(
    data
      .slice(0, 2)
      .flat()
      .every((isBlack) => !isBlack),
  ).toBe(true);
});

test('with colours each line is white on black by numbers that no theme changes, the half line at the end without black', () => {
  const plain = qrLines(text, { color: false });
  const colored = qrLines(text, { color: true });
  expect(colored[3]).toBe(`\u001b[38;5;231m\u001b[48;5;16m${plain[3]}\u001b[0m`);
  expect(colored.at(-1)).toBe(`\u001b[38;5;231m${plain.at(-1)}\u001b[0m`);
});
