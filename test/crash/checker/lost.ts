import type { Sighting } from '../history.ts';
import { placesOf, saidIn } from './reading.ts';

/**
 * lost: messages that have no answer in the end. One line each.
 *
 * An answer is a place of the message's own chat whose last state is whole and names it. The beginning of an answer is
 * none, nor is one that a later edit took away, nor one in another chat. Whether the platform was told "received" makes no
 * difference: the campaign ends when all should be answered, and it stands in the line for whoever looks for the cause.
 */
export function findLost(history: readonly Sighting[]): readonly string[] {
  const answered = new Set(
    placesOf(history).flatMap(({ chat, last }) =>
      last.whole ? last.messages.map((message) => keyOf(chat, message)) : [],
    ),
  );
  const acknowledged = new Set(
    history.flatMap((seen) => (seen.type === 'acknowledged' ? [seen.message] : [])),
  );
  return saidIn(history)
    .filter(({ chat, message }) => !answered.has(keyOf(chat, message)))
    .map(({ chat, message }) => {
      const told = acknowledged.has(message) ? 'acknowledged' : 'never acknowledged';
      return `lost: ${message} in ${chat} (${told}) has no whole answer`;
    });
}

function keyOf(chat: string, message: string): string {
  return JSON.stringify([chat, message]);
}
