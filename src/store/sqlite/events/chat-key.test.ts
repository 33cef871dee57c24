import { assert, constant, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { addressToKey, identityOf } from '#core/address.ts';
import { chatKeyOf, senderOf } from './chat-key.ts';

test('the store names chats and senders as core does', () => {
  const part = string({ minLength: 1, unit: 'grapheme' });
  assert(
    property(part, oneof(constant(null), part), (chat, thread) => {
      const address = { channel: 'telegram', chat, thread };
      expect(chatKeyOf(address)).toBe(addressToKey(address));
      expect(senderOf('telegram', chat)).toBe(identityOf('telegram', chat));
    }),
  );
});
