/** Longer targets are written out instead of linked: no platform takes them. */
const longestHref = 2_000;

/** The target a link may have, or null: only what opens a page, a mail or a Telegram chat. */
export function safeHref(url: string): string | null {
  if (url.length > longestHref) return null;
  if (!/^(?:https?:\/\/[^/]|mailto:.|tg:\/\/.)/i.test(url)) return null;
  // White space, quotes and brackets end an attribute or a Markdown target early somewhere.
  return url.replace(
    /[\s<>"`\\|]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** What is said of a target that is not linked: its text where it may help, nothing where it could only run. */
export function spelledHref(url: string): string {
  if (/^https?:/i.test(url)) return url;
  return /^(?:[a-z][a-z0-9+.-]*:|#|$)|\s/i.test(url) ? '' : url;
}
