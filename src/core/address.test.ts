import { assert, option, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { addressToKey, parseChatKey } from './address.ts';

test('a key stands for exactly one address', () => {
  const part = string({ minLength: 1, unit: 'grapheme' });
  assert(
    property(part, option(part), (chat, thread) => {
      const address = { channel: 'telegram', chat, thread };
      expect(parseChatKey(addressToKey(address))).toEqual(address);
    }),
  );
});

test.each(['', 'telegram', 'telegram:', ':7', 'Telegram:7', 'telegram:%', 'telegram:7/8/9'])(
  '%j is no key',
  (text) => {
    expect(parseChatKey(text)).toBeNull();
  },
);
