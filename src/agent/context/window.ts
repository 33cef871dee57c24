import type { ModelMessage } from '#core/ports/model.ts';

/** A control character is sent as `\u0000`. */
const mostBytesPerCharacter = 6;
/** What stands around the content of a message without calls, and more. */
const envelopeBytes = 256;
/** A picture costs tokens by its size, which is not known here: what a large one costs. */
const pictureBytes = 12_000;

/** Stands where the history was cut. */
export const gap: ModelMessage = {
  role: 'user',
  content: '[Earlier messages of this conversation are left out here.]',
};

/** Messages of people in a row become one: some providers refuse two messages of one role behind each other. */
export function mergeUserMessages(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const merged: ModelMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (message.role === 'user' && last?.role === 'user') {
      const images = [...(last.images ?? []), ...(message.images ?? [])];
      const shown = images.length === 0 ? {} : { images };
      merged[merged.length - 1] = {
        role: 'user',
        content: `${last.content}\n\n${message.content}`,
        ...shown,
      };
    } else {
      merged.push(message);
    }
  }
  return merged;
}

/**
 * Cuts whole exchanges from the front until the rest fits. The cut moves in blocks of half the budget, so it stays
 * where it is for many turns. At least the last exchange is kept, whatever its size.
 */
export function dropOldest(messages: readonly ModelMessage[], budgetBytes: number): readonly ModelMessage[] {
  if (surelyFits(messages, budgetBytes)) return messages;
  const sizes = messages.map(bytesOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= budgetBytes) return messages;
  const block = Math.max(1, Math.floor(budgetBytes / 2));
  const mustDrop = Math.ceil((total - budgetBytes) / block) * block;
  let before = 0;
  let from = messages.findLastIndex((message) => message.role === 'user');
  for (const [index, message] of messages.entries()) {
    if (index < from && message.role === 'user' && before >= mustDrop) from = index;
    before += sizes[index] ?? 0;
  }
  if (from <= 0) return messages;
  return mergeUserMessages([gap, ...messages.slice(from)]);
}

/** Most histories are far below the budget: no need to weigh each of their messages at each call. */
function surelyFits(messages: readonly ModelMessage[], budgetBytes: number): boolean {
  let most = 0;
  for (const message of messages) {
    if (message.role === 'assistant' && message.toolCalls.length > 0) return false;
    most += message.content.length * mostBytesPerCharacter + envelopeBytes + pictureBytesOf(message);
  }
  return most <= budgetBytes;
}

/** Bytes as they are sent: what the tokens of a prompt are estimated from, in every script. */
function bytesOf(message: ModelMessage): number {
  return Buffer.byteLength(JSON.stringify(message), 'utf8') + pictureBytesOf(message);
}

function pictureBytesOf(message: ModelMessage): number {
  return message.role === 'user' ? (message.images?.length ?? 0) * pictureBytes : 0;
}
