/** The first `length` UTF-16 units without splitting a surrogate pair: half a character is no text. */
export function cutText(text: string, length: number): string {
  return text.slice(0, isLowSurrogate(text, length) ? length - 1 : length);
}

/** The text from `start` on without splitting a surrogate pair. */
export function restOf(text: string, start: number): string {
  return text.slice(isLowSurrogate(text, start) ? start + 1 : start);
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  const before = text.charCodeAt(index - 1);
  return code >= 0xdc_00 && code <= 0xdf_ff && before >= 0xd8_00 && before <= 0xdb_ff;
}
