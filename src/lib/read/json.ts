/** The value, or undefined for text that is no JSON: every caller checks the shape next. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fields that platforms put keys in: whoever has one may answer for the bot, or pass for the platform. */
const keys = new Set(['token', 'response_url']);

/** A payload as JSON text, to be kept: as it came, but for the keys in it, which are empty. */
export function jsonToKeep(payload: unknown): string {
  const isKey = (name: string, value: unknown): boolean => keys.has(name) && typeof value === 'string';
  return JSON.stringify(payload, (name, value: unknown) => (isKey(name, value) ? '' : value));
}
