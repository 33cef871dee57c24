import type { InboundEvent } from '#core/event.ts';
import { parseChatKey } from '#core/address.ts';
import type { Submission } from '#core/ports/door.ts';
import { noon } from './clock.ts';

let lastUpdate = 0;

export type Words = Partial<Omit<InboundEvent, 'chat' | 'sender'>> & {
  /** Where: `telegram:7` is the direct chat of the sender 7 unless it says otherwise. */
  readonly chat?: string;
  /** Who, by the platform's id; the chat's own id where none is given. */
  readonly from?: string;
  readonly name?: string;
};

/** What an adapter would hand in when somebody writes `text`. */
export function written(text: string, words: Words = {}): InboundEvent {
  const { chat: key = 'telegram:7', from, name = 'Somebody', ...more } = words;
  const chat = parseChatKey(key);
  if (chat === null) throw new Error(`${key} is no chat.`);
  lastUpdate += 1;
  return {
    platformId: `update-${lastUpdate}`,
    kind: 'message',
    chat,
    direct: true,
    sender: { id: from ?? chat.chat, name },
    addressed: true,
    text,
    files: [],
    messageId: `message-${lastUpdate}`,
    replyTo: null,
    sentAt: noon,
    raw: JSON.stringify({ text }),
    ...more,
  };
}

/** What the page hands to the door. */
export function submitted(text: string, more: Partial<Submission> = {}): Submission {
  return {
    channel: 'web',
    chat: 'owner',
    user: null,
    conversation: null,
    isolated: false,
    text,
    key: null,
    history: [],
    ...more,
  };
}
