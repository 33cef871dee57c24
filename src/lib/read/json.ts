/** The value, or undefined for text that is no JSON: every caller checks the shape next. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
