/** Of a page of more than this only the beginning is read. */
const longest = 3_000_000;
const hidden = ['script', 'style', 'noscript', 'template', 'svg'] as const;
const breaks = /^\/?(p|div|br|li|ul|ol|tr|table|h[1-6]|section|article|header|footer|pre|blockquote|title)\b/;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** The words of a page as people see them. In one walk, so its time grows with the length alone. */
export function htmlText(html: string): string {
  const page = html.slice(0, longest);
  const lower = page.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  while (at < page.length) {
    const tag = page.indexOf('<', at);
    parts.push(page.slice(at, tag < 0 ? page.length : tag));
    if (tag < 0) break;
    at = endOfTag(lower, tag);
    if (breaks.test(lower.slice(tag + 1, tag + 12))) parts.push('\n');
  }
  return parts
    .join('')
    .replaceAll(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => entity(name) ?? whole)
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}

/** Behind the tag, or behind the whole element where people do not see what is in it. */
function endOfTag(lower: string, tag: number): number {
  const name = hidden.find((word) => lower.startsWith(word, tag + 1));
  const close = lower.startsWith('<!--', tag) ? '-->' : name === undefined ? '>' : `</${name}`;
  const end = lower.indexOf(close, tag + 1);
  if (end < 0) return lower.length;
  if (name === undefined) return end + close.length;
  const behind = lower.indexOf('>', end);
  return behind < 0 ? lower.length : behind + 1;
}

function entity(name: string): string | undefined {
  if (!name.startsWith('#')) return entities[name.toLowerCase()];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return Number.isInteger(code) && code > 31 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
}
