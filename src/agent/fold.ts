/** Share of the limit that the head keeps; the rest is the tail. */
const headShare = 0.7;

/**
 * A long text cut to `limit` characters: head, tail and what to call to read the rest. Shorter text is returned as it is.
 * `id` is the step that holds the whole of it.
 */
export function foldText(text: string, limit: number, id: number): string {
  if (text.length <= limit) return text;
  const head = cutAt(text, Math.floor(limit * headShare));
  const tailStart = text.length - Math.floor(limit * (1 - headShare));
  const tail = text.slice(isLowSurrogate(text, tailStart) ? tailStart + 1 : tailStart);
  const left = text.length - head.length - tail.length;
  const note = `[${left} characters left out: call expand with id ${id} and offset ${head.length}]`;
  return `${head}\n…\n${note}\n…\n${tail}`;
}

/** The first `length` characters without splitting a surrogate pair. */
export function cutAt(text: string, length: number): string {
  return text.slice(0, isLowSurrogate(text, length) ? length - 1 : length);
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc_00 && code <= 0xdf_ff;
}
