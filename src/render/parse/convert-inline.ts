import type { Definition, Link as MdLink, PhrasingContent } from 'mdast';
import { leafText } from '../inline.ts';
import type { Inline, Styled } from '../tree.ts';
import { isDeceptive, safeHref, spelledHref } from './href.ts';
import { cleanText } from './text.ts';

/** What a conversion looks up while it walks. */
export interface Context {
  readonly source: string;
  /** First definition of each identifier. */
  readonly definitions: ReadonlyMap<string, Definition>;
}

type Wrapper = Styled['type'] | 'link';

/** Phrasing to inline nodes: neighbours of one kind are joined, empty ones dropped, none stands inside its own kind. */
export function convertInlines(nodes: readonly PhrasingContent[], context: Context): readonly Inline[] {
  return convertWithin(nodes, { ...context, inside: [] });
}

interface Place extends Context {
  readonly inside: readonly Wrapper[];
}

function convertWithin(nodes: readonly PhrasingContent[], place: Place): readonly Inline[] {
  return joined(nodes.flatMap((node) => convertNode(node, place)));
}

function convertNode(node: PhrasingContent, place: Place): readonly Inline[] {
  switch (node.type) {
    case 'text':
      return text(node.value);
    case 'inlineCode':
      return node.value === '' ? [] : [{ type: 'code', value: cleanText(node.value).replace(/\n/g, ' ') }];
    case 'break':
      return [{ type: 'break' }];
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? [{ type: 'break' }] : text(node.value);
    case 'strong':
    case 'emphasis':
      return styled(node.type, node, place);
    case 'delete':
      return styled('strike', node, place);
    case 'link': {
      const [url, rest] = bareUrl(node);
      const label = rest === '' ? labelOf(node, place) : text(url);
      return [...link(url, label, place), ...text(rest)];
    }
    case 'linkReference':
      return link(urlOf(node.identifier, place), labelOf(node, place), place);
    case 'image':
      return link(node.url, text(node.alt ?? ''), place);
    case 'imageReference':
      return link(urlOf(node.identifier, place), text(node.alt ?? ''), place);
    case 'footnoteReference':
      return text(`[^${node.label ?? node.identifier}]`);
  }
}

interface Wrapping {
  readonly children: readonly PhrasingContent[];
  readonly position?: { readonly start: { readonly offset?: number | undefined } } | undefined;
}

function styled(type: Styled['type'], node: Wrapping, place: Place): readonly Inline[] {
  if (place.inside.includes(type)) return convertWithin(node.children, place);
  const children = convertWithin(node.children, { ...place, inside: [...place.inside, type] });
  if (children.length === 0) return [];
  const written = place.source.charAt(node.position?.start.offset ?? 0);
  return [{ type, marker: type === 'strike' ? '~' : written === '_' ? '_' : '*', children }];
}

function labelOf(node: Wrapping, place: Place): readonly Inline[] {
  return convertWithin(node.children, { ...place, inside: [...place.inside, 'link'] });
}

function urlOf(identifier: string, place: Place): string {
  return place.definitions.get(identifier)?.url ?? '';
}

function text(value: string): readonly Inline[] {
  const clean = cleanText(value).replace(/[ \t]*\n[ \t]*/g, '\n');
  return clean === '' ? [] : [{ type: 'text', value: clean }];
}

/** A bare link and what follows it: GFM ends one at ASCII punctuation and blanks only, not at a full-width stop. */
function bareUrl(node: MdLink): readonly [string, string] {
  const [label] = node.children;
  if (label?.type !== 'text' || label.value !== node.url) return [node.url, ''];
  const end = node.url.search(/[、。，；：？！（）【】「」『』《》]/);
  return end < 0 ? [node.url, ''] : [node.url.slice(0, end), node.url.slice(end)];
}

function link(url: string, label: readonly Inline[], place: Place): readonly Inline[] {
  return place.inside.includes('link') ? label : linkTo(url, label);
}

/** A link where the target is one that may be opened, else its label and, where that may help, the target as text. */
export function linkTo(url: string, label: readonly Inline[]): readonly Inline[] {
  const target = cleanText(url);
  const shown = leafText(label).trim() === '' ? [] : label;
  const href = safeHref(target);
  if (href !== null) {
    const children = shown.length === 0 ? text(href) : shown;
    if (!isDeceptive(leafText(children), href)) return [{ type: 'link', href, children }];
    return joined([...shown, ...text(' ('), { type: 'link', href, children: text(href) }, ...text(')')]);
  }
  const spelled = spelledHref(target);
  if (spelled === '' || spelled === leafText(shown)) return shown;
  return shown.length === 0 ? text(spelled) : [...shown, ...text(` (${spelled})`)];
}

function joined(nodes: readonly Inline[]): readonly Inline[] {
  const result: Inline[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    const both = last === undefined ? null : joinedPair(last, node);
    if (both === null) result.push(node);
    else result[result.length - 1] = both;
  }
  return result;
}

function joinedPair(a: Inline, b: Inline): Inline | null {
  if (a.type === 'text' && b.type === 'text') return { type: 'text', value: a.value + b.value };
  if (a.type === 'code' && b.type === 'code') return { type: 'code', value: a.value + b.value };
  if (a.type === 'link' || b.type === 'link' || a.type !== b.type) return null;
  if (!('marker' in a) || !('marker' in b)) return null;
  // Where the two were written differently, only the freer delimiter is sure to hold around both.
  const marker = a.marker === b.marker ? a.marker : '*';
  return { type: a.type, marker, children: joined([...a.children, ...b.children]) };
}

/** Everything on one line, as headings and table cells want it. */
export function singleLine(inlines: readonly Inline[]): readonly Inline[] {
  return joined(inlines.map(oneLine));
}

function oneLine(node: Inline): Inline {
  if (node.type === 'break') return { type: 'text', value: ' ' };
  if ('children' in node) return { ...node, children: singleLine(node.children) };
  return { type: node.type, value: node.value.replace(/\n/g, ' ') };
}
