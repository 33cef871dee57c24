import { breakAt } from '../measure.ts';

/** Container markers (quote, list) that one line may open; the next one is escaped. The parser is quadratic in them. */
const maxMarkers = 10;
/** The same inside what looks like a code fence, where a long row of them is likely meant as it stands. */
const maxMarkersInFence = 60;
/** Lines that may lazily continue a quote or an item; then a blank line ends it. The parser is quadratic in them. */
const maxLazyLines = 30;
/** Parts of a long source: cut at a block boundary after the first length, anywhere after the second. */
const partLength = 4_000;
const longestPart = 10_000;

const marker = String.raw`[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])`;
const deepLine = new RegExp(`^((?:${marker}){${maxMarkers}}[ \\t]*\\d*)(?=[-+*>.)])`);
const deepLineInFence = new RegExp(`^((?:${marker}){${maxMarkersInFence}}[ \\t]*\\d*)(?=[-+*>.)])`);
const container = new RegExp(`^${marker}`);
const rule = /^[ \t]*([-*_])(?:[ \t]*\1)*[ \t]*$/;
const fenceLine = new RegExp(`^(?:${marker})*[ \\t]*(\`{3,}(?=[^\`]*$)|~{3,})(.*)$`);
const blockStart = /^(?![-+*][ \t]|\d{1,9}[.)]|[\s>])/;

/** Line ends are \n, no byte order mark, no NUL, no half surrogate pairs. */
export function cleanSource(markdown: string): string {
  return markdown
    .toWellFormed()
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '\uFFFD');
}

interface Fence {
  readonly opening: string;
  readonly closing: string;
}

/**
 * The source in parts that can be parsed one by one, each short enough for the parser's worst case. Parts end at block
 * boundaries; where there is none for a long time a block is cut, and a code fence closed and opened again.
 */
export function sourceParts(source: string): readonly string[] {
  const parts: string[] = [];
  let lines: string[] = [];
  let length = 0;
  let lazy = 0;
  let blank = true;
  let fence: Fence | null = null;
  for (const line of source.split('\n').flatMap(shortLines)) {
    const boundary = length >= partLength && fence === null && blank && blockStart.test(line);
    if (boundary || length + line.length > longestPart) {
      if (fence !== null) lines.push(fence.closing);
      parts.push(lines.join('\n'));
      lines = fence === null ? [] : [fence.opening];
      length = 0;
      lazy = 0;
    }
    lazy = lazyLines(line, fence === null, lazy);
    if (lazy > maxLazyLines) {
      lines.push('');
      lazy = 0;
    }
    fence = fenceAfter(line, fence);
    blank = line.trim() === '';
    lines.push(withoutDepth(line, fence !== null));
    length += line.length + 1;
  }
  parts.push(lines.join('\n'));
  return parts;
}

/** How many lines a container has been continued without a marker; 0 where none is open. */
function lazyLines(line: string, outsideFence: boolean, before: number): number {
  if (!outsideFence || line.trim() === '') return 0;
  if (container.test(line)) return 1;
  return before > 0 && !line.startsWith('  ') ? before + 1 : before;
}

function fenceAfter(line: string, fence: Fence | null): Fence | null {
  const match = fenceLine.exec(line);
  const ticks = match?.[1];
  if (ticks === undefined) return fence;
  if (fence === null) return { opening: line, closing: ticks };
  const closes = ticks.startsWith(fence.closing) && match?.[2]?.trim() === '';
  return closes ? null : fence;
}

function withoutDepth(line: string, inFence: boolean): string {
  if (rule.test(line)) return line;
  return line.replace(inFence ? deepLineInFence : deepLine, (markers) => `${markers}\\`);
}

/** A line longer than a part is cut where it hurts least. */
function shortLines(line: string): readonly string[] {
  if (line.length <= longestPart) return [line];
  const lines: string[] = [];
  let rest = line;
  while (rest.length > longestPart) {
    const cut = breakAt(rest.slice(0, partLength * 2 + 64), partLength * 2);
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...lines, rest];
}
