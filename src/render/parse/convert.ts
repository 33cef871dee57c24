import type { Definition, Html, List as MdList, Node, Root, RootContent, Table as MdTable } from 'mdast';
import { trimInlines } from '../inline.ts';
import { type Block, type Cell, type Inline, type Item, maxDepth } from '../tree.ts';
import { type Context, convertInlines, linkTo, singleLine } from './convert-inline.ts';
import { cleanText, codeLanguage } from './text.ts';

/** What a block looks up while it is converted. */
interface BlockContext extends Context {
  /** Nothing refers to the definition. */
  isUnused(node: Definition): boolean;
}

/** mdast to the tree of the dialects. `source` is the text it was parsed from. */
export function convertRoot(root: Root, source: string): readonly Block[] {
  // References need a definition, and definitions are rare.
  const definitions = source.includes(']:') ? definitionsIn(root) : new Map<string, Definition>();
  const used = definitions.size > 0 ? usedIn(root) : new Set<string>();
  const isUnused = (node: Definition): boolean =>
    definitions.get(node.identifier) !== node || !used.has(node.identifier);
  return convertBlocks(root.children, 0, { source, definitions, isUnused });
}

function convertBlocks(
  nodes: readonly RootContent[],
  depth: number,
  context: BlockContext,
): readonly Block[] {
  return nodes.flatMap((node) => convertBlock(node, depth, context));
}

function convertBlock(node: RootContent, depth: number, context: BlockContext): readonly Block[] {
  switch (node.type) {
    case 'paragraph':
      return paragraph(convertInlines(node.children, context));
    case 'heading': {
      const children = trimInlines(singleLine(convertInlines(node.children, context)));
      return children.length === 0 ? [] : [{ type: 'heading', depth: node.depth, children }];
    }
    case 'code':
      return codeBlock(node.value, codeLanguage(node.lang));
    case 'blockquote':
      return quote(convertBlocks(node.children, depth + 1, context), depth);
    case 'list':
      return convertList(node, depth, context);
    case 'table':
      return [convertTable(node, context)];
    case 'thematicBreak':
      return [{ type: 'rule' }];
    case 'html':
      return htmlBlock(node);
    case 'definition':
      return context.isUnused(node) ? definition(node) : [];
    case 'footnoteDefinition':
      return labelled(`[^${node.label ?? node.identifier}]: `, convertBlocks(node.children, depth, context));
    // Never a block: items, rows and cells come with theirs, phrasing stands in paragraphs.
    case 'break':
    case 'delete':
    case 'emphasis':
    case 'footnoteReference':
    case 'image':
    case 'imageReference':
    case 'inlineCode':
    case 'link':
    case 'linkReference':
    case 'listItem':
    case 'strong':
    case 'tableCell':
    case 'tableRow':
    case 'text':
    case 'yaml':
      return [];
  }
}

function convertList(node: MdList, depth: number, context: BlockContext): readonly Block[] {
  const items = node.children.map((item): Item => {
    const children = convertBlocks(item.children, depth + 1, context);
    // A box belongs to words behind it; without them it could not be written down again.
    return { checked: children[0]?.type === 'paragraph' ? (item.checked ?? null) : null, children };
  });
  if (depth >= maxDepth) return items.flatMap((item) => item.children);
  return [{ type: 'list', start: node.ordered === true ? (node.start ?? 1) : null, items }];
}

function paragraph(children: readonly Inline[]): readonly Block[] {
  const trimmed = trimInlines(children);
  return trimmed.length === 0 ? [] : [{ type: 'paragraph', children: trimmed }];
}

function codeBlock(value: string, lang: string | null): readonly Block[] {
  const code = cleanText(value)
    .replace(/^(?:[ \t]*\n)+/, '')
    .trimEnd();
  return code === '' ? [] : [{ type: 'code', lang, value: code }];
}

function quote(children: readonly Block[], depth: number): readonly Block[] {
  if (depth >= maxDepth) return children;
  return children.length === 0 ? [] : [{ type: 'quote', children }];
}

/** HTML is said as it is written; blank lines inside it part paragraphs. */
function htmlBlock(node: Html): readonly Block[] {
  return cleanText(node.value)
    .replace(/^\s*<br\s*\/?>\s*$/gim, '')
    .split(/\n\s*\n/)
    .map((part) => part.replace(/[ \t]*\n[ \t]*/g, '\n'))
    .flatMap((part) => paragraph([{ type: 'text', value: part }]));
}

function convertTable(node: MdTable, context: Context): Block {
  const [header = [], ...rows] = node.children.map((row) =>
    row.children.map((cell): Cell => trimInlines(singleLine(convertInlines(cell.children, context)))),
  );
  return { type: 'table', align: node.align ?? [], header, rows };
}

/** A definition that nothing refers to is likely meant to be read: a list of sources. */
function definition(node: Definition): readonly Block[] {
  const label = `[${node.label ?? node.identifier}]: `;
  return paragraph([{ type: 'text', value: cleanText(label) }, ...linkTo(node.url, [])]);
}

/** The blocks with `label` in front of their first words. */
function labelled(label: string, blocks: readonly Block[]): readonly Block[] {
  const text: Inline = { type: 'text', value: cleanText(label) };
  const [first, ...rest] = blocks;
  if (first?.type === 'paragraph') return [{ ...first, children: [text, ...first.children] }, ...rest];
  return [...paragraph([text]), ...blocks];
}

function definitionsIn(root: Root): ReadonlyMap<string, Definition> {
  const found = new Map<string, Definition>();
  walk(root, (node) => {
    if (isDefinition(node) && !found.has(node.identifier)) found.set(node.identifier, node);
  });
  return found;
}

function usedIn(root: Root): ReadonlySet<string> {
  const used = new Set<string>();
  walk(root, (node) => {
    if ((node.type === 'linkReference' || node.type === 'imageReference') && 'identifier' in node)
      used.add(String(node.identifier));
  });
  return used;
}

const isDefinition = (node: Node): node is Definition => node.type === 'definition';

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  if (!('children' in node) || !Array.isArray(node.children)) return;
  for (const child of node.children) walk(child, visit);
}
