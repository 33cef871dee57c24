import { spelledText } from '../inline.ts';
import type { Cell, Table } from '../tree.ts';

/** Wider cells run over: padding every row to one long cell would be mostly blanks. */
const widestColumn = 40;

const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const without = /[\p{M}\p{Cf}]/u;

/** Columns a text takes in a fixed-width font: two for CJK and emoji, none for combining marks. */
function displayWidth(text: string): number {
  // Plain ASCII is the common case, and each character is one column.
  if (/^\p{ASCII}*$/u.test(text)) return text.length;
  let width = 0;
  for (const char of text) if (!without.test(char)) width += wide.test(char) ? 2 : 1;
  return width;
}

const cellText = (cell: Cell): string => spelledText(cell).replace(/\s+/g, ' ');

/** Columns of a fixed-width font that the longest line of the table takes. */
export function tableWidth(table: Table): number {
  const widths: number[] = [];
  for (const row of [table.header, ...table.rows]) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 1, displayWidth(cellText(cell)));
  }
  return widths.reduce((sum, width) => sum + width + 3, -3);
}

/** A table as lines of a fixed-width font: columns aligned, a rule under the header. */
export function alignTable(table: Table): string {
  const rows = [table.header, ...table.rows].map((row) => row.map(cellText));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 1, Math.min(displayWidth(cell), widestColumn));
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 1, table.align[i] ?? 'left'))
      .join(' | ')
      .trimEnd(),
  );
  const line = widths.map((width) => '-'.repeat(width)).join('-|-');
  return [lines[0] ?? '', line, ...lines.slice(1)].join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right' | 'center'): string {
  const missing = Math.max(0, width - displayWidth(text));
  const before = align === 'left' ? 0 : align === 'right' ? missing : missing >> 1;
  return ' '.repeat(before) + text + ' '.repeat(missing - before);
}
