import { renderUnicodeCompact } from 'uqr';

/** Black on white whatever the terminal's own colours are: phones do not read an inverted code. Cube colours, which no theme changes. */
const white = '\u001b[38;5;231m';
const onBlack = '\u001b[48;5;16m';
const reset = '\u001b[0m';

/** The lines of a QR code: two rows of it to a line. Without colours white is what is drawn, so the background must be dark. */
export function qrLines(text: string, { color }: { readonly color: boolean }): readonly string[] {
  const lines = renderUnicodeCompact(text, { ecc: 'L', border: 2 }).split('\n');
  if (!color) return lines;
  // The last line is half a line: below its upper halves nothing is drawn.
  return lines.map((line, index) =>
    index === lines.length - 1 ? `${white}${line}${reset}` : `${white}${onBlack}${line}${reset}`,
  );
}
