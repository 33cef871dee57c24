import type { Sighting } from '../history.ts';
import { saidIn, sentIn } from './reading.ts';

/**
 * reordered: messages whose answer was first seen whole after that of a message that was said later in the same chat.
 * One line each.
 *
 * Repeats do not count: the first whole sighting decides. Within an answer to several messages their order in its text
 * decides. Chats do not wait for each other, and a message without an answer is lost, not out of order.
 */
export function findReordered(history: readonly Sighting[]): readonly string[] {
  const said = saidIn(history);
  const chatOf = new Map(said.map(({ chat, message }) => [message, chat]));
  const placeInLine = new Map(said.map(({ message }, index) => [message, index]));
  const latest = new Map<string, { readonly message: string; readonly index: number }>();
  const answered = new Set<string>();
  const problems: string[] = [];
  for (const { chat, messages, whole } of sentIn(history)) {
    if (!whole) continue;
    for (const message of messages) {
      const index = placeInLine.get(message);
      if (index === undefined || chatOf.get(message) !== chat || answered.has(message)) continue;
      answered.add(message);
      const before = latest.get(chat);
      if (before === undefined || before.index < index) latest.set(chat, { message, index });
      else problems.push(`reordered: ${message} of ${chat} is answered after ${before.message}`);
    }
  }
  return problems;
}
