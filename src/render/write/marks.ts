import { zeroWidth } from './mentions.ts';

/** `inner` between marks, line by line, since a mark of a chat ends with its line; white space at the edges stays outside. */
export function marked(inner: string, open: string, close: string = open): string {
  return inner.replace(/[^\n]+/g, (line) =>
    line.match(/\S/) === null ? line : line.replace(line.trim(), (core) => open + core + close),
  );
}

/** A letter or digit: a mark between two of these is none. */
export function isWordLike(char: string): boolean {
  return /[\p{L}\p{N}]/u.test(char);
}

/** Backticks that would end a block of code early, parted by something invisible. */
export function withoutFences(code: string): string {
  return code.includes('```') ? code.replace(/`(?=`)/g, `\`${zeroWidth}`) : code;
}

/**
 * Slack's mrkdwn and WhatsApp know no escape: `*so*` in a text would be bold. A mark of the text is kept as it is where
 * it cannot pair up, and shown by a look-alike where it can. Until that is known, noncharacters stand for the marks.
 */
const looks: Readonly<Record<string, string>> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };
const stand: Readonly<Record<string, string>> = { '*': '\uFDD0', _: '\uFDD1', '~': '\uFDD2', '`': '\uFDD3' };
const markOf: Readonly<Record<string, string>> = {
  '\uFDD0': '*',
  '\uFDD1': '_',
  '\uFDD2': '~',
  '\uFDD3': '`',
};

/** A run of text with its marks set aside, until `settleMarks` has seen the whole line. */
export function setMarksAside(text: string): string {
  return text.replace(/[*_~`]/g, (mark) => stand[mark] ?? mark);
}

/** Lines in which each mark that was set aside is itself again, or its look-alike. Time grows with the length only. */
export function settleMarks(text: string): string {
  if (!/[\uFDD0-\uFDD3]/.test(text)) return text;
  const ticks = text.match(/[`\uFDD3]/g)?.length ?? 0;
  const lines = text.split('\n');
  return lines.map((line) => settleLine(line, ticks > 1)).join('\n');
}

interface Mark {
  readonly at: number;
  readonly mark: string;
  readonly isText: boolean;
  readonly opens: boolean;
  readonly closes: boolean;
}

function settleLine(line: string, ticksPair: boolean): string {
  const marks = Array.from(line.matchAll(/[*_~`\uFDD0-\uFDD3]/g), (match) => markAt(line, match.index));
  const paired = new Set([...pairedAhead(marks), ...pairedBehind(marks)].map(({ at }) => at));
  return line.replace(/[\uFDD0-\uFDD3]/g, (char, index: number) => {
    const mark = markOf[char] ?? char;
    const pairs = mark === '`' ? ticksPair : paired.has(index);
    return pairs ? (looks[mark] ?? mark) : mark;
  });
}

function markAt(line: string, at: number): Mark {
  const char = line.charAt(at);
  const [before, after] = [line.charAt(at - 1), line.charAt(at + 1)];
  return {
    at,
    mark: markOf[char] ?? char,
    isText: markOf[char] !== undefined,
    opens: !isWordLike(before) && after.trim() !== '',
    closes: before.trim() !== '' && !isWordLike(after),
  };
}

/** Marks of the text that could open, with a mark behind them that could close. */
function pairedAhead(marks: readonly Mark[]): readonly Mark[] {
  const closers = new Set<string>();
  return marks.toReversed().filter(({ mark, isText, opens, closes }) => {
    const pairs = isText && opens && closers.has(mark);
    if (closes) closers.add(mark);
    return pairs;
  });
}

/** Marks of the text that would close what our own markup has opened. */
function pairedBehind(marks: readonly Mark[]): readonly Mark[] {
  const openers = new Set<string>();
  return marks.filter(({ mark, isText, opens, closes }) => {
    const pairs = isText && closes && openers.has(mark);
    if (!isText && opens) openers.add(mark);
    return pairs;
  });
}
