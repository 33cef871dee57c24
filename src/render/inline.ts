import type { Inline } from './tree.ts';

/** Positions inside inline content count the UTF-16 units of its leaf text; a break counts as one, a newline. */
export function leafLength(inlines: readonly Inline[]): number {
  let length = 0;
  for (const node of inlines) length += lengthOf(node);
  return length;
}

function lengthOf(node: Inline): number {
  switch (node.type) {
    case 'text':
    case 'code':
      return node.value.length;
    case 'break':
      return 1;
    case 'strong':
    case 'emphasis':
    case 'strike':
    case 'link':
      return leafLength(node.children);
  }
}

/** What is written, without any style: labels of links, code without its ticks, breaks as newlines. */
export function leafText(inlines: readonly Inline[]): string {
  let text = '';
  for (const node of inlines) {
    if (node.type === 'break') text += '\n';
    else text += 'value' in node ? node.value : leafText(node.children);
  }
  return text;
}

/** The same with the target behind the label of each link whose label is not its target. */
export function spelledText(inlines: readonly Inline[]): string {
  let text = '';
  for (const node of inlines) {
    if (node.type === 'break') text += '\n';
    else if ('value' in node) text += node.value;
    else if (node.type === 'link' && !isBareLink(node))
      text += `${spelledText(node.children)} (${node.href})`;
    else text += spelledText(node.children);
  }
  return text;
}

/** A link that shows its own target: a platform needs no markup for it. */
export function isBareLink(link: { readonly href: string; readonly children: readonly Inline[] }): boolean {
  const label = leafText(link.children);
  return label === link.href || `mailto:${label}` === link.href || `http://${label}` === link.href;
}

/** The part between two positions; styles that are cut are closed and opened again, empty ones are dropped. */
export function sliceInlines(inlines: readonly Inline[], from: number, to: number): readonly Inline[] {
  const part: Inline[] = [];
  let at = 0;
  for (const node of inlines) {
    if (at >= to) break;
    const length = lengthOf(node);
    const start = Math.max(0, from - at);
    const end = Math.min(length, to - at);
    at += length;
    if (start < end) part.push(start === 0 && end === length ? node : sliceNode(node, start, end));
  }
  return part;
}

function sliceNode(node: Inline, from: number, to: number): Inline {
  switch (node.type) {
    case 'text':
    case 'code':
      return { type: node.type, value: node.value.slice(from, to) };
    case 'break':
      return node;
    case 'strong':
    case 'emphasis':
    case 'strike':
    case 'link':
      return { ...node, children: sliceInlines(node.children, from, to) };
  }
}

/** Without white space and breaks at both ends. */
export function trimInlines(inlines: readonly Inline[]): readonly Inline[] {
  const text = leafText(inlines);
  const from = text.length - text.trimStart().length;
  const to = text.trimEnd().length;
  if (from >= to) return [];
  return from === 0 && to === text.length ? inlines : sliceInlines(inlines, from, to);
}

/** Without bold, for what is bold as a whole. Runs of text that now meet are one. */
export function withoutStrong(inlines: readonly Inline[]): readonly Inline[] {
  const plain = inlines.flatMap((node): readonly Inline[] => {
    if (!('children' in node)) return [node];
    const children = withoutStrong(node.children);
    return node.type === 'strong' ? children : [{ ...node, children }];
  });
  const met: Inline[] = [];
  for (const node of plain) {
    const last = met.at(-1);
    if (last?.type !== 'text' || node.type !== 'text') met.push(node);
    else met[met.length - 1] = { type: 'text', value: last.value + node.value };
  }
  return met;
}
