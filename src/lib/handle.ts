import { sha256Hex } from './hash.ts';

const hashChars = 12;
const endsLikeHash = new RegExp(`(^|-)[0-9a-f]{${hashChars}}$`);

/** Lower-case letters, digits and dashes, at most 40; '' where nothing of the text can be kept. */
export function toSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
}

/**
 * A folder name for any text. Two different texts never share one: what had to be changed gets a hash, and so does what
 * looks as if it had one.
 */
export function toHandle(text: string): string {
  const slug = toSlug(text);
  if (slug !== '' && slug === text && !endsLikeHash.test(slug)) return slug;
  const hash = sha256Hex(text).slice(0, hashChars);
  return slug === '' ? hash : `${slug}-${hash}`;
}
