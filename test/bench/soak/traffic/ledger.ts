/** Where an answer must be seen: on the platform, on the line of the request, or by who reads the events. */
export type Place = 'telegram' | 'line' | 'events';

/** What was said and what of it was answered, by marks such as `[m12]` in both. Only what is open is kept. */
export interface Ledger {
  /** A new mark, counted as said at `at` (ms). */
  open(at: number, place: Place): string;
  /** A text that the product showed there: every mark in it that belongs there is answered. */
  seen(text: string, place: Place): void;
  messages(): number;
  answered(): number;
  /** Open ones that were said before `at`. */
  openBefore(at: number): readonly string[];
}

const markPattern = /\[m\d+\]/g;

export function marksIn(text: string): readonly string[] {
  return text.match(markPattern) ?? [];
}

export function createLedger(): Ledger {
  const open = new Map<string, { readonly at: number; readonly place: Place }>();
  let messages = 0;
  let answered = 0;
  return {
    open: (at, place) => {
      messages += 1;
      const mark = `[m${messages}]`;
      open.set(mark, { at, place });
      return mark;
    },
    seen: (text, place) => {
      for (const mark of marksIn(text)) {
        if (open.get(mark)?.place !== place) continue;
        open.delete(mark);
        answered += 1;
      }
    },
    messages: () => messages,
    answered: () => answered,
    openBefore: (limit) => [...open].filter(([, { at }]) => at < limit).map(([mark]) => mark),
  };
}
