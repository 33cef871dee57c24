/** What the style sheets of a mail say of simple selectors: `.a`, `#b`, `p`, `p.a`. */
export type Sheet = ReadonlyMap<string, string>;

const mostRules = 500;

export function readSheet(css: string): Sheet {
  const sheet = new Map<string, string>();
  const rules = css.slice(0, 64 * 1024).replaceAll(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '');
  for (const [, selectors = '', body = ''] of rules.matchAll(/([^{}]{1,500})\{([^{}]{0,4000})\}/g)) {
    for (const selector of selectors.split(',')) {
      const simple = selector.trim().split(/\s+/).at(-1)?.toLowerCase() ?? '';
      if (sheet.size < mostRules && simple !== '') sheet.set(simple, `${sheet.get(simple) ?? ''};${body}`);
    }
  }
  return sheet;
}

export interface Look {
  readonly hidden: boolean;
  /** Of the text and behind it, as `r,g,b`; null: not known. */
  readonly color: string | null;
  readonly background: string | null;
}

/** Dark on white, as mail programs show what says nothing of colours. */
export const plainLook: Look = { hidden: false, color: '0,0,0', background: '255,255,255' };

/** How an element looks inside of another. `attributes` are of lower-case names. */
export function lookOf(
  outer: Look,
  element: { readonly tag: string; readonly attributes: ReadonlyMap<string, string> },
  sheet: Sheet,
): Look {
  const { attributes } = element;
  if (attributes.size === 0 && sheet.size === 0) return outer;
  const style = declarations(element, sheet);
  const say = (name: string): string => style.get(name) ?? '';
  const color = colorOf(say('color') || (attributes.get('color') ?? '')) ?? outer.color;
  const behind = say('background-color') || say('background') || (attributes.get('bgcolor') ?? '');
  const background = colorOf(behind) ?? outer.background;
  const hidden = outer.hidden || attributes.has('hidden') || isHidden(say) || isUnseen(color, background);
  return { hidden, color, background };
}

function declarations(
  { tag, attributes }: Parameters<typeof lookOf>[1],
  sheet: Sheet,
): ReadonlyMap<string, string> {
  const classes = (attributes.get('class') ?? '').toLowerCase().split(/\s+/).slice(0, 20);
  const selectors = [
    tag,
    ...classes.flatMap((name) => [`.${name}`, `${tag}.${name}`]),
    `#${(attributes.get('id') ?? '').toLowerCase()}`,
  ];
  const all = `${selectors.map((one) => sheet.get(one) ?? '').join(';')};${attributes.get('style') ?? ''}`;
  const found = new Map<string, string>();
  for (const one of all.slice(0, 8_000).split(';')) {
    const colon = one.indexOf(':');
    const name = one.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = one
      .slice(colon + 1)
      .replace(/!important/i, '')
      .trim()
      .toLowerCase();
    if (name !== '') found.set(name, value);
  }
  return found;
}

function isHidden(say: (name: string) => string): boolean {
  if (say('display') === 'none' || say('mso-hide') === 'all') return true;
  if (/^(?:hidden|collapse)$/.test(say('visibility'))) return true;
  if (
    isTiny(say('font-size')) ||
    isTiny(
      say('font')
        .split(/\s+/)
        .find((one) => /^[\d.]/.test(one)) ?? '',
    )
  )
    return true;
  if (say('opacity') !== '' && Number.parseFloat(say('opacity')) < 0.1) return true;
  const cut = say('overflow').startsWith('hidden');
  if (cut && ['height', 'max-height', 'width', 'max-width'].some((name) => isTiny(say(name)))) return true;
  const away = ['text-indent', 'left', 'right', 'top', 'bottom', 'margin-left', 'margin-top'];
  if (away.some((name) => Number.parseFloat(say(name)) <= -500)) return true;
  return /^rect\(\s*0|^inset\(\s*(?:50|100)%/.test(say('clip') || say('clip-path'));
}

/** 0 or 1 pixel, or what comes to it. */
function isTiny(size: string): boolean {
  const [, number = '', unit = ''] = /^([\d.]+)\s*([a-z%]*)$/.exec(size) ?? [];
  if (number === '') return false;
  const value = Number.parseFloat(number);
  if (unit === 'em' || unit === 'rem') return value <= 0.1;
  return unit === '%' ? value <= 10 : value <= 1;
}

/** So near to each other that nobody reads it. */
function isUnseen(color: string | null, background: string | null): boolean {
  if (color === null || background === null) return false;
  const [a, b] = [color.split(',').map(Number), background.split(',').map(Number)];
  return a.every((part, at) => Math.abs(part - (b[at] ?? 0)) <= 12);
}

const names: Readonly<Record<string, string>> = {
  white: '255,255,255',
  black: '0,0,0',
  snow: '255,250,250',
  ivory: '255,255,240',
  red: '255,0,0',
  green: '0,128,0',
  blue: '0,0,255',
  gray: '128,128,128',
  grey: '128,128,128',
  silver: '192,192,192',
  whitesmoke: '245,245,245',
  ghostwhite: '248,248,255',
};

/** Null: none, or one that is not read here. Of no colour at all (`transparent`): the one behind it. */
function colorOf(text: string): string | null {
  const first = text.trim().toLowerCase();
  const hex = /#([\da-f]{6}|[\da-f]{3})\b/.exec(first)?.[1];
  if (hex !== undefined) {
    const full = hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex;
    return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16)).join(',');
  }
  const rgb = /rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})/.exec(first);
  if (rgb !== null) return rgb.slice(1, 4).map(Number).join(',');
  return names[first.split(/\s+/)[0] ?? ''] ?? null;
}
