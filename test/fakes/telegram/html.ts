/** Telegram's HTML as its server reads it: a handful of tags, properly nested; everything else is refused. */
export type Parsed =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: string };

const known = new Set(
  'b strong i em u ins s strike del span tg-spoiler a tg-emoji tg-time code pre blockquote'.split(' '),
);
const characterByName: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const tagPattern = /^<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*>/i;

export function parseHtml(html: string): Parsed {
  const open: string[] = [];
  let text = '';
  let at = 0;
  const offset = (): number => Buffer.byteLength(html.slice(0, at));
  while (at < html.length) {
    const rest = html.slice(at);
    const plain = /^[^<&]+/.exec(rest)?.[0];
    const entity = /^&(lt|gt|amp|quot|#\d{1,7}|#x[0-9a-f]{1,6});/i.exec(rest);
    if (plain !== undefined) {
      text += plain;
      at += plain.length;
    } else if (entity !== null) {
      text += decode(entity[1] ?? '');
      at += entity[0].length;
    } else if (rest.startsWith('&')) {
      text += '&'; // an unknown entity stays as it is written
      at += 1;
    } else {
      const tag = tagPattern.exec(rest);
      if (tag === null)
        return refuse(`Unsupported start tag "${rest.slice(1, 12)}" at byte offset ${offset()}`);
      const [whole, slash, name = ''] = tag;
      const error = slash === '/' ? close(open, name.toLowerCase()) : start(open, name.toLowerCase());
      if (error !== null) return refuse(`${error} at byte offset ${offset()}`);
      at += whole.length;
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) return refuse(`Can't find end tag corresponding to start tag "${unclosed}"`);
  return { ok: true, text };
}

function start(open: string[], name: string): string | null {
  if (!known.has(name)) return `Unsupported start tag "${name}"`;
  open.push(name);
  return null;
}

function close(open: string[], name: string): string | null {
  const expected = open.pop();
  if (expected === undefined) return 'Unexpected end tag';
  return expected === name ? null : `Unmatched end tag, expected "</${expected}>", found "</${name}>"`;
}

function decode(name: string): string {
  if (!name.startsWith('#')) return characterByName[name.toLowerCase()] ?? `&${name};`;
  const hex = name[1]?.toLowerCase() === 'x';
  return String.fromCodePoint(Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10));
}

function refuse(error: string): Parsed {
  return { ok: false, error: `Bad Request: can't parse entities: ${error}` };
}
