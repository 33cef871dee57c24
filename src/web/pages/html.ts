import { html, raw } from 'hono/html';

/** A piece of a page in which everything that was put in is escaped. */
export type Html = ReturnType<typeof html>;

export const nothing: Html = raw('');

/** The piece as text. Our pieces hold no promises, so they are ready at once. */
export function htmlToText(piece: Html): string {
  if (piece instanceof Promise) throw new Error('This piece of a page is not ready.');
  return piece.toString();
}

/** A moment; the page's script writes it in the reader's own zone and words. */
export function timeHtml(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
