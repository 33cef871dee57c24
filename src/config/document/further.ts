/** Channels that a test brings along: the schema does not know them, and their adapters check their settings. */
export type FurtherChannels = Readonly<Record<string, unknown>>;

/** The tree without those channels, and those channels as they are written. A name that is in the tree only counts. */
export function takeFurther(
  tree: unknown,
  names: readonly string[],
): { readonly tree: unknown; readonly further: FurtherChannels } {
  if (names.length === 0 || !isRecord(tree) || !isRecord(tree['channels'])) return { tree, further: {} };
  const all = Object.entries(tree['channels']);
  const isFurther = ([name]: readonly [string, unknown]): boolean => names.includes(name);
  const kept = Object.fromEntries(all.filter((entry) => !isFurther(entry)));
  return { tree: { ...tree, channels: kept }, further: Object.fromEntries(all.filter(isFurther)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
