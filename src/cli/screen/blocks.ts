/**
 * Where the Markdown that has come so far can be cut: everything before the index is whole blocks that nothing which
 * comes later changes. A cut is a blank line outside a code fence, followed by a line that begins at the margin.
 */
export function stableEnd(markdown: string): number {
  let offset = 0;
  let end = 0;
  let fence: string | null = null;
  let afterBlank = false;
  for (const line of markdown.split('\n')) {
    if (afterBlank && fence === null && /^\S/.test(line)) end = offset;
    fence = fenceAfter(line, fence);
    afterBlank = line.trim() === '';
    offset += line.length + 1;
  }
  return end;
}

/** The fence that is open behind the line: its characters, or null. */
function fenceAfter(line: string, open: string | null): string | null {
  const found = /^\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)*(`{3,}|~{3,})(.*)$/.exec(line);
  const [, mark = '', rest = ''] = found ?? [];
  if (open === null) return mark === '' || (mark.startsWith('`') && rest.includes('`')) ? null : mark;
  const closes = mark.startsWith(open.charAt(0)) && mark.length >= open.length && rest.trim() === '';
  return closes ? null : open;
}
