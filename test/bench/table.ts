/** One figure beside what it is measured against. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  /** The same of the reference, measured in the same run; empty where the target is absolute. */
  readonly reference: string;
  /** The figure that the target speaks of. */
  readonly compared: string;
  readonly target: string;
  /** Null where there is no target. */
  readonly met: boolean | null;
}

const heads = ['', 'Tiro', 'floor', 'compared', 'target', ''] as const;

export function table(rows: readonly Row[]): string {
  const cells = [heads, ...rows.map(toCells)];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toCells(row: Row): readonly string[] {
  const verdict = row.met === null ? '' : row.met ? 'met' : 'MISSED';
  return [row.what, row.ours, row.reference, row.compared, row.target, verdict];
}
