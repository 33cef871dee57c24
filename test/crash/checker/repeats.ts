import type { Sighting } from '../history.ts';
import { type Place, placesOf } from './reading.ts';

export interface Repeats {
  /** One line for each. */
  readonly duplicated: readonly string[];
  readonly flagged: number;
}

/**
 * duplicated: unmarked extra deliveries. flagged: marked ones.
 *
 * A delivery is a place, whole or not: an edit changes a place and is never a delivery of its own, and one that answers
 * several messages is one. A message may have one. Of several, one without the mark is what was meant; each further one
 * without it is duplicated, and each with it flagged. (Which of them came first does not matter: whoever reads both is
 * warned by either, and the late call of a process that was stopped comes last.) If all bear the mark, one of them is
 * what was meant. The mark is judged by what the place shows in the end: an edit that drops it has lost it.
 */
export function findRepeats(history: readonly Sighting[]): Repeats {
  const plain = new Map<Place, string>();
  const marked = new Set<Place>();
  for (const [message, places] of placesByMessage(history)) {
    const unmarkedOnes = places.filter(({ last }) => !last.marked);
    const markedOnes = places.filter(({ last }) => last.marked);
    for (const extra of unmarkedOnes.slice(1)) plain.set(extra, message);
    for (const extra of unmarkedOnes.length === 0 ? markedOnes.slice(1) : markedOnes) marked.add(extra);
  }
  return {
    duplicated: [...plain].map(
      ([{ chat, place }, message]) =>
        `duplicated: ${message} is delivered again at ${place} of ${chat}, unmarked`,
    ),
    flagged: marked.size,
  };
}

function placesByMessage(history: readonly Sighting[]): ReadonlyMap<string, readonly Place[]> {
  const byMessage = new Map<string, Place[]>();
  for (const place of placesOf(history)) {
    for (const message of place.messages) {
      const places = byMessage.get(message);
      if (places === undefined) byMessage.set(message, [place]);
      else places.push(place);
    }
  }
  return byMessage;
}
