import type { Abilities } from '#core/delivery.ts';

/** Length in the unit a platform counts. A lone surrogate counts as the replacement character it is sent as. */
export function measure(text: string, unit: Abilities['countedAs']): number {
  switch (unit) {
    case 'utf16':
      return text.length;
    case 'bytes':
      return Buffer.byteLength(text);
    case 'codepoints':
      return countCodepoints(text);
  }
}

function countCodepoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i += 1) {
    if (isHighSurrogate(text.charCodeAt(i)) && isLowSurrogate(text.charCodeAt(i + 1))) count -= 1;
  }
  return count;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/**
 * The largest n in 0..max for which `fits(n)` holds, looked for from below, so that the work depends on the answer
 * and not on `max`. `fits(0)` is taken as true; where `fits` is not monotone the answer still fits.
 */
export function largestPrefix(max: number, fits: (n: number) => boolean): number {
  let low = 0;
  let high = 1;
  while (high < max && fits(high)) {
    low = high;
    high *= 2;
  }
  if (high >= max) {
    if (fits(max)) return max;
    high = max;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const sentenceEnd = /[.!?…]["'”’)\]]*(?=\s)|[。！？]/g;
/** White space that carries no combining mark and is not there to hold words together. */
const breakingSpace = /[^\S\u00a0\u202f\u2060](?![\p{M}\u200d])/gu;

/**
 * Where to cut `text` at or before `limit`, best first: end of a line, of a sentence, of a word, of a grapheme.
 * Never inside a surrogate pair; inside a grapheme only where a single one is longer than `limit`.
 * 0 where not even one code point fits. `text` should reach past `limit`, so that what follows can be seen.
 */
export function breakAt(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  const near = text.slice(0, limit + 2);
  const line = near.lastIndexOf('\n', limit);
  if (line > limit / 2) return line;
  const sentence = lastEnd(near, sentenceEnd, limit);
  if (sentence > limit / 2) return sentence;
  const space = lastStart(near, breakingSpace, limit);
  if (space > limit / 8) return space;
  const grapheme = graphemes.segment(text.slice(0, limit + 64)).containing(limit)?.index ?? 0;
  if (grapheme > 0) return grapheme;
  const cutsPair = isHighSurrogate(text.charCodeAt(limit - 1)) && isLowSurrogate(text.charCodeAt(limit));
  return cutsPair ? limit - 1 : limit;
}

function lastEnd(text: string, pattern: RegExp, limit: number): number {
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (end <= limit) last = end;
  }
  return last;
}

function lastStart(text: string, pattern: RegExp, limit: number): number {
  let last = 0;
  for (const match of text.matchAll(pattern)) if (match.index <= limit) last = match.index;
  return last;
}
