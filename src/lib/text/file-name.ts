import { cutText } from '../cut.ts';

const longest = 80;

/**
 * A name from outside as one harmless path segment on one line: no folders, no characters that are not seen or turn the
 * line around, no brackets (names stand in brackets), no leading dot. Long names keep their extension.
 */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll(/[<>:"|?*`]/g, '_')
    .replaceAll(/^[. ]+|[. ]+$/g, '');
  if (plain === '') return 'file';
  if (plain.length <= longest) return plain;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(plain)?.[0] ?? '';
  return cutText(plain, longest - extension.length) + extension;
}
