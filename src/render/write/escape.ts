const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For text between tags; quotes stay, so that code stays short. */
export function escapeHtml(text: string): string {
  return /[&<>]/.test(text) ? text.replace(/[&<>]/g, (char) => entities[char] ?? char) : text;
}

export function escapeAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char] ?? char);
}
