import type { CliDeps } from '../deps.ts';
import { cut, displayWidth, oneLine } from './text.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

export interface Printer {
  /** One line on standard output. Callers clean what comes from outside. */
  line(text: string): void;
  /** One line on standard error. */
  aside(text: string): void;
  /** One JSON document: on several lines for a reader, on one for a program. */
  json(value: unknown): void;
  /** Rows under headings; tab-separated where nobody looks. Cells are cleaned. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  /** `name  value` lines; with a tab between where nobody looks. */
  fields(fields: readonly (readonly [name: string, value: string])[]): void;
  /** Colours where the terminal has them. */
  paint(tone: Tone, text: string): string;
}

const codes: Readonly<Record<Tone, number>> = { good: 32, bad: 31, warn: 33, dim: 2, strong: 1 };
const gap = '  ';

export function createPrinter(deps: Pick<CliDeps, 'stdout' | 'stderr' | 'terminal'>): Printer {
  const { stdout, stderr, terminal } = deps;
  return { line, aside, json, table, fields, paint };

  function line(text: string): void {
    stdout.write(`${text}\n`);
  }

  function aside(text: string): void {
    stderr.write(`${text}\n`);
  }

  function json(value: unknown): void {
    line(JSON.stringify(value, null, terminal.output ? 2 : 0));
  }

  function table(headings: readonly string[], rows: readonly (readonly string[])[]): void {
    const clean = rows.map((row) => row.map(oneLine));
    if (!terminal.output) {
      for (const row of [headings, ...clean]) line(row.join('\t'));
      return;
    }
    if (rows.length === 0) return line(paint('dim', 'Nothing.'));
    const widths = fitted([headings, ...clean], terminal.columns());
    const draw = (row: readonly string[]): string =>
      row
        .map((cell, index) => pad(cut(cell, widths[index] ?? 0), widths[index] ?? 0))
        .join(gap)
        .trimEnd();
    line(paint('dim', draw(headings)));
    for (const row of clean) line(draw(row));
  }

  function fields(pairs: readonly (readonly [name: string, value: string])[]): void {
    const width = Math.max(0, ...pairs.map(([name]) => name.length));
    for (const [name, value] of pairs) {
      line(terminal.output ? `${paint('dim', name.padEnd(width))}${gap}${value}` : `${name}\t${value}`);
    }
  }

  function paint(tone: Tone, text: string): string {
    return terminal.color ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text;
  }
}

/** The widths of the columns; the widest is narrowed first until the row fits. */
function fitted(rows: readonly (readonly string[])[], columns: number): readonly number[] {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap.length * (count - 1) - columns;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= 12) break;
    const narrowed = Math.max(12, widest - excess);
    widths[widths.indexOf(widest)] = narrowed;
    excess -= widest - narrowed;
  }
  return widths;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}
