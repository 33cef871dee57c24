import type { RenderPort } from '#core/ports/render.ts';

/** Room for the longest answer: nothing is cut. */
const noLimit = { limit: 16_000_000, countedAs: 'utf16' } as const;

/** Renders in one piece, for pages and terminals. */
export function renderWhole(render: RenderPort, dialect: string): (markdown: string) => string {
  return (markdown) =>
    render
      .chunk(markdown, { dialect, ...noLimit })
      .map((chunk) => chunk.text)
      .join('');
}
