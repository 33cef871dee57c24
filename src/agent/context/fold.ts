import { cutText, restOf } from '#lib/cut.ts';

/** Share of the limit that the head keeps; the rest is the tail. */
const headShare = 0.7;

/**
 * A long text cut to `limit` characters: head, tail and what to call to read the rest. Shorter text is returned as it is.
 * `id` is the step that holds the whole of it.
 */
export function foldText(text: string, limit: number, id: number): string {
  if (text.length <= limit) return text;
  const head = cutText(text, Math.floor(limit * headShare));
  const tail = restOf(text, text.length - Math.floor(limit * (1 - headShare)));
  const left = text.length - head.length - tail.length;
  const note = `[${left} characters left out: call expand with id ${id} and offset ${head.length}]`;
  return `${head}\n…\n${note}\n…\n${tail}`;
}
