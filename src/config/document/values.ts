/** What the values of config.yaml must look like beyond their type. */

import { parseChatKey } from '#core/address.ts';

export { isLanguage, isTimezone } from '#lib/text/locale.ts';

/** Channels of the whole design: an identity may already name one that a later version brings. */
export const channelNames: readonly string[] = [
  'telegram',
  'discord',
  'slack',
  'whatsapp',
  'email',
  'webhook',
  'web',
  'cli',
  'api',
];

/** `channel:id`, the id without spaces: `telegram:7`, `slack:T1/U1`, `email:ann@example.org`. */
export function isIdentity(text: string): text is `${string}:${string}` {
  return /^[a-z][a-z0-9-]{0,31}:\S{1,256}$/.test(text);
}

/** `channel:chat` or `channel:chat/thread`, each part percent-encoded. */
export function isChatKey(text: string): boolean {
  return parseChatKey(text) !== null;
}

export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Numbers may stand as text, because `${ENV}` always yields text. Anything else is left for the schema to refuse. */
export function numberFromText(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : value;
}

export function booleanFromText(value: unknown): unknown {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

/** The word of `known` that `wrong` was probably meant to be: at most a third of it is different. */
export function closest(wrong: string, known: readonly string[]): string | null {
  const ranked = known
    .map((word) => ({ word, distance: editDistance(wrong.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return null;
  return best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : null;
}

/** Fewest insertions, deletions, replacements and swaps of neighbours that make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1;
      const isSwap =
        i > 1 && j > 1 && a.charAt(i - 1) === b.charAt(j - 2) && a.charAt(i - 2) === b.charAt(j - 1);
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + cost, swapped));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
