import type { CliDeps } from '../deps.ts';
import { displayWidth } from '../output/text.ts';

/** The last lines of the terminal, drawn anew each time. Nothing at all where nobody looks. */
export interface LiveArea {
  /** Shows the end of the text, as much as fits. */
  draw(text: string): void;
  clear(): void;
}

export function createLiveArea({ stdout, terminal }: Pick<CliDeps, 'stdout' | 'terminal'>): LiveArea {
  let drawn = 0;
  return { draw, clear };

  function draw(text: string): void {
    clear();
    if (!terminal.output || text.trim() === '') return;
    const lines = text.trimEnd().split('\n');
    // What has scrolled away cannot be drawn anew: only as much is shown as surely fits.
    const most = Math.max(3, terminal.rows() - 4);
    let from = lines.length;
    while (from > 0) {
      const rows = rowsOf(lines[from - 1] ?? '', terminal.columns());
      if (drawn + rows > most) break;
      drawn += rows;
      from -= 1;
    }
    const shown = lines.slice(from).join('\n');
    if (drawn > 0) stdout.write(terminal.color ? `\u001b[2m${shown}\u001b[0m\n` : `${shown}\n`);
  }

  function clear(): void {
    if (drawn > 0) stdout.write(`\u001b[${drawn}A\r\u001b[J`);
    drawn = 0;
  }
}

function rowsOf(line: string, columns: number): number {
  const width = displayWidth(line.replaceAll('\t', '        '));
  return Math.max(1, Math.ceil(width / Math.max(1, columns)));
}
