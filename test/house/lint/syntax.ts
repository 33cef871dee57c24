/** The part of a lint plugin's interface that these rules use: nodes of the syntax tree and the way to report one. */
export interface SyntaxNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly source?: SyntaxNode | null;
  readonly object?: SyntaxNode;
  readonly property?: SyntaxNode;
  readonly callee?: SyntaxNode;
  readonly arguments?: readonly SyntaxNode[];
  readonly id?: SyntaxNode;
  readonly init?: SyntaxNode | null;
  readonly properties?: readonly SyntaxNode[];
  readonly key?: SyntaxNode;
  readonly specifiers?: readonly SyntaxNode[];
  readonly imported?: SyntaxNode;
  readonly quasis?: readonly SyntaxNode[];
}

export interface LintContext {
  readonly cwd: string;
  readonly filename: string;
  readonly options: readonly unknown[];
  report(finding: { readonly node: SyntaxNode; readonly message: string }): void;
}

export interface LintRule {
  create(context: LintContext): Readonly<Record<string, (node: SyntaxNode) => void>>;
}

/** The text of a string literal or of a template without holes, else null. */
export function textOf(node: SyntaxNode | null | undefined): string | null {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  const quasis = node?.type === 'TemplateLiteral' ? (node.quasis ?? []) : [];
  return quasis.length === 1 ? rawOf(quasis[0]) : null;
}

/** All literal text of a string or template, its holes read as one space; else null. */
export function literalTextOf(node: SyntaxNode): string | null {
  if (node.type === 'TemplateLiteral')
    return (node.quasis ?? []).map((quasi) => rawOf(quasi) ?? '').join(' ');
  return textOf(node);
}

function rawOf(quasi: SyntaxNode | undefined): string | null {
  const value = quasi?.value;
  if (typeof value !== 'object' || value === null || !('raw' in value)) return null;
  return typeof value.raw === 'string' ? value.raw : null;
}

/** `Date` for `Date`, `globalThis.Date` and `global['Date']`; null for anything that is not such a name. */
export function globalNameOf(node: SyntaxNode | null | undefined): string | null {
  if (node?.type === 'Identifier') return node.name ?? null;
  if (node?.type !== 'MemberExpression') return null;
  const owner = node.object?.type === 'Identifier' ? node.object.name : null;
  return owner === 'globalThis' || owner === 'global' ? propertyNameOf(node) : null;
}

/** `now` for `x.now` and `x['now']`. */
export function propertyNameOf(node: SyntaxNode): string | null {
  if (node.computed === true) return textOf(node.property);
  return node.property?.name ?? null;
}
