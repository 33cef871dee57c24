import type { ChatAddress, ChatKey, Identity } from '#core/address.ts';

/**
 * The same text as `addressToKey` and `identityOf` of core (a test compares them). That module brings its schemas, and
 * with them zod: 20 MB and 30 ms for a thread that parses nothing.
 */
export function chatKeyOf(address: ChatAddress): ChatKey {
  const thread = address.thread === null ? '' : `/${encodeURIComponent(address.thread)}`;
  return `${address.channel}:${encodeURIComponent(address.chat)}${thread}`;
}

export function senderOf(channel: string, senderId: string): Identity {
  return `${channel}:${senderId}`;
}
