/** Properties that say whether something is seen, with their values. */
type Declarations = ReadonlyMap<string, string>;

/** What the style sheets of a mail say of simple selectors: `.a`, `#b`, `p`, `p.a`. Read once, since a mail may have 40,000 elements. */
export type Sheet = ReadonlyMap<string, Declarations>;

const mostRules = 500;
/** Looked at again for each element. */
const longestValue = 200;
const asked = new Set([
  'background',
  'background-color',
  'bottom',
  'clip',
  'clip-path',
  'color',
  'content-visibility',
  'display',
  'filter',
  'font',
  'font-size',
  'height',
  'left',
  'margin',
  'margin-left',
  'margin-top',
  'max-height',
  'max-width',
  'mso-hide',
  'opacity',
  'overflow',
  'overflow-x',
  'overflow-y',
  'right',
  'text-indent',
  'top',
  'transform',
  'visibility',
  'width',
  'zoom',
]);

export function readSheet(css: string): Sheet {
  const sheet = new Map<string, Declarations>();
  const rules = css.slice(0, 64 * 1024).replaceAll(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '');
  for (const [, selectors = '', body = ''] of rules.matchAll(/([^{}]{1,500})\{([^{}]{0,4000})\}/g)) {
    const said = declarationsIn(body);
    for (const selector of selectors.split(',')) {
      const simple =
        selector
          .trim()
          .split(/[\s>+~]+/)
          .at(-1)
          ?.toLowerCase() ?? '';
      const before = sheet.get(simple);
      if (sheet.size < mostRules && simple !== '')
        sheet.set(simple, before === undefined ? said : new Map([...before, ...said]));
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

function declarations({ tag, attributes }: Parameters<typeof lookOf>[1], sheet: Sheet): Declarations {
  const classes = (attributes.get('class') ?? '').toLowerCase().split(/\s+/).slice(0, 20);
  const selectors = [
    tag,
    ...classes.flatMap((name) => [`.${name}`, `${tag}.${name}`]),
    `#${(attributes.get('id') ?? '').toLowerCase()}`,
  ];
  const found = new Map<string, string>();
  for (const one of selectors) for (const [name, value] of sheet.get(one) ?? []) found.set(name, value);
  for (const [name, value] of declarationsIn(attributes.get('style') ?? '')) found.set(name, value);
  return found;
}

function declarationsIn(style: string): Declarations {
  const found = new Map<string, string>();
  for (const one of withoutTricks(style.slice(0, 8_000)).split(';')) {
    const colon = one.indexOf(':');
    const name = one.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = one
      .slice(colon + 1)
      .replace(/!\s*important/i, '')
      .trim()
      .slice(0, longestValue)
      .toLowerCase();
    if (asked.has(name)) found.set(name, value);
  }
  return found;
}

/** Without comments, and with letters that are written as numbers. */
function withoutTricks(style: string): string {
  return style
    .replaceAll(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '')
    .replaceAll(/\\([\da-f]{1,4})\s?/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
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
  if (say('content-visibility') === 'hidden' || isSeeThrough(say('color'))) return true;
  const opacity = Number.parseFloat(say('opacity'));
  if (opacity < (say('opacity').endsWith('%') ? 10 : 0.1) || Number.parseFloat(say('zoom')) < 0.1)
    return true;
  if (/opacity\(\s*0(?:\.0\d*)?%?\s*\)/.test(say('filter'))) return true;
  if (/scale\w*\(\s*0(?:\.0\d*)?\s*[,)]|translate\w*\([^)]*-\d{3}/.test(say('transform'))) return true;
  const cut = ['overflow', 'overflow-x', 'overflow-y'].some((name) =>
    /hidden|clip|auto|scroll/.test(say(name)),
  );
  if (cut && ['height', 'max-height', 'width', 'max-width'].some((name) => isTiny(say(name)))) return true;
  const away = ['text-indent', 'left', 'right', 'top', 'bottom', 'margin', 'margin-left', 'margin-top'];
  if (
    away.some((name) => Math.abs(Number.parseFloat(say(name))) >= (say(name).startsWith('-') ? 500 : 3_000))
  )
    return true;
  return /^rect\(\s*0|^inset\(\s*(?:50|100)%/.test(say('clip') || say('clip-path'));
}

/** 0 or 1 pixel, or what comes to it. */
function isTiny(size: string): boolean {
  const [, number = '', unit = ''] = /^(?:calc\(\s*)?([\d.]+)\s*([a-z%]*)[\s)]*$/.exec(size) ?? [];
  if (number === '') return false;
  const value = Number.parseFloat(number);
  if (unit === 'em' || unit === 'rem') return value <= 0.1;
  return unit === '%' ? value <= 10 : value <= 1;
}

/** A colour of which nothing is left. */
function isSeeThrough(color: string): boolean {
  return /^transparent$|^#(?:[\da-f]{3}0|[\da-f]{6}0[\da-f])$|^(?:rgb|hsl)a?\((?:[^,)]*,){3}\s*\.?0(?:\.0\d*)?%?\s*\)|\/\s*\.?0(?:\.0\d*)?%?\s*\)$/.test(
    color,
  );
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
  const light = /^hsla?\(\s*[\d.]+\w*[\s,]+[\d.]+%?[\s,]+([\d.]+)%?/.exec(first)?.[1];
  // Of others than the lightest and the darkest it depends on the hue.
  if (light !== undefined && (Number(light) >= 97 || Number(light) <= 2))
    return Number(light) >= 97 ? '255,255,255' : '0,0,0';
  return names[first.split(/\s+/)[0] ?? ''] ?? null;
}
