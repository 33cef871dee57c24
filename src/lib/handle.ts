import { sha256Hex } from './hash.ts';

/** Lower-case letters, digits and dashes, at most 40; '' where nothing of the text can be kept. */
export function toSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
}

/** A folder name for any text. Two different texts never share one: what had to be changed gets a hash. */
export function toHandle(text: string): string {
  const slug = toSlug(text);
  return slug === text ? slug : `${slug}-${sha256Hex(text).slice(0, 8)}`;
}
