/** The texts that stand under these names, at any depth, in their order and with spaces between them: the words of a document. */
export function textsIn(value: unknown, names: ReadonlySet<string>): string {
  if (typeof value === 'string') return `${value} `;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .filter(([name]) => Array.isArray(value) || names.has(name))
    .map(([, inner]) => textsIn(inner, names))
    .join('');
}
