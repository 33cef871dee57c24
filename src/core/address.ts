/** A place on a platform where something can be said. `thread` is null where there is none. */
export interface ChatAddress {
  readonly channel: string;
  readonly chat: string;
  readonly thread: string | null;
}

/** One line of text for an address: `telegram:7`, with a thread `telegram:-100/5`. Each part is percent-encoded. */
export type ChatKey = `${string}:${string}`;

/** A sender on a platform by the platform's stable id, never by a display name: `telegram:7`. */
export type Identity = `${string}:${string}`;

export function addressToKey(address: ChatAddress): ChatKey {
  const thread = address.thread === null ? '' : `/${encodeURIComponent(address.thread)}`;
  return `${address.channel}:${encodeURIComponent(address.chat)}${thread}`;
}

/** The address a key stands for, or null where the text is no chat key. */
export function parseChatKey(key: string): ChatAddress | null {
  const match = /^([a-z][a-z0-9-]*):([^/]+)(?:\/([^/]+))?$/.exec(key);
  if (match === null) return null;
  const [, channel, chat, thread] = match;
  if (channel === undefined || chat === undefined) return null;
  try {
    return {
      channel,
      chat: decodeURIComponent(chat),
      thread: thread === undefined ? null : decodeURIComponent(thread),
    };
  } catch {
    return null; // a stray % is no key of ours
  }
}

export function identityOf(channel: string, senderId: string): Identity {
  return `${channel}:${senderId}`;
}
