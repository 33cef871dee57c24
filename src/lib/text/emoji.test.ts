import { expect, test } from 'vitest';
import { emojiOf, nameOfEmoji } from './emoji.ts';

test('a name is its emoji and back, with and without the variant for colours', () => {
  expect([emojiOf('+1'), emojiOf('heart'), emojiOf('wave::skin-tone-3')]).toEqual(['👍', '❤️', '👋']);
  expect([nameOfEmoji('👍'), nameOfEmoji('❤'), nameOfEmoji('❤️')]).toEqual(['+1', 'heart', 'heart']);
});

test('what is not known keeps its name', () => {
  expect([emojiOf('party_parrot'), emojiOf('constructor')]).toEqual([':party_parrot:', ':constructor:']);
  expect([nameOfEmoji(':party_parrot:'), nameOfEmoji('🦜')]).toEqual(['party_parrot', null]);
});
