import type { Deliveries, Delivery } from './deliveries.ts';
import type { Fields } from './wire.ts';

export const phoneNumberId = '106540352242922';
export const ownNumber = '15550783881';

export interface SayOptions {
  /** Digits, or `US.…` for somebody who hides them. */
  readonly from?: string;
  readonly name?: string;
  /** Epoch ms. */
  readonly at?: number;
  readonly context?: Fields;
}

/** Somebody on WhatsApp does something, and Meta posts it. */
export interface People {
  say(text: string, options?: SayOptions): Delivery;
  /** Any kind of message: `{ type: 'image', image: {…} }`. */
  send(part: Fields, options?: SayOptions): Delivery;
  /** The reply button with this id under a message of the bot's. */
  press(messageId: string, id: string, options?: SayOptions): Delivery;
  /** Several in one POST. */
  sendAll(parts: readonly Fields[], options?: SayOptions): Delivery;
  nextId(): string;
}

export function createPeople(deliveries: Deliveries): People {
  let last = 0;
  const nextId = (): string => `wamid.HBgL${String((last += 1)).padStart(8, '0')}`;
  const send: People['send'] = (part, options = {}) => sendAll([part], options);
  return {
    nextId,
    send,
    sendAll,
    say: (text, options) => send({ type: 'text', text: { body: text } }, options),
    press: (messageId, id, options) => {
      const interactive = { type: 'button_reply', button_reply: { id, title: 'a button' } };
      const context = { from: ownNumber, id: messageId };
      return send({ type: 'interactive', interactive }, { ...options, context });
    },
  };

  function sendAll(parts: readonly Fields[], options: SayOptions = {}): Delivery {
    const { from = '16505551234', name = 'Ann', at = Date.now(), context } = options;
    const timestamp = String(Math.floor(at / 1000));
    const isNumber = /^\d+$/.test(from);
    const sender = isNumber ? { from } : { from_user_id: from };
    const messages = parts.map((part) => ({
      ...sender,
      id: nextId(),
      timestamp,
      ...(context === undefined ? {} : { context }),
      ...part,
    }));
    const contacts = [{ profile: { name }, ...(isNumber ? { wa_id: from } : { user_id: from }) }];
    return deliveries.push(webhook({ contacts, messages }));
  }
}

/** A POST with one change of the field `messages`. */
export function webhook(value: Fields, number = phoneNumberId): Fields {
  const metadata = { display_phone_number: ownNumber, phone_number_id: number };
  const change = { value: { messaging_product: 'whatsapp', metadata, ...value }, field: 'messages' };
  return { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [change] }] };
}
