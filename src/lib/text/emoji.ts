/** Names of emoji as many platforms write them between colons: those that people answer with, and the bot may. */
const byName: Readonly<Record<string, string>> = {
  '+1': '👍',
  thumbsup: '👍',
  '-1': '👎',
  thumbsdown: '👎',
  heart: '❤️',
  tada: '🎉',
  eyes: '👀',
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  x: '❌',
  no_entry: '⛔',
  warning: '⚠️',
  question: '❓',
  exclamation: '❗',
  fire: '🔥',
  rocket: '🚀',
  pray: '🙏',
  clap: '👏',
  ok_hand: '👌',
  raised_hands: '🙌',
  wave: '👋',
  thinking_face: '🤔',
  joy: '😂',
  smile: '😄',
  slightly_smiling_face: '🙂',
  cry: '😢',
  open_mouth: '😮',
  rage: '😡',
  hourglass_flowing_sand: '⏳',
  hourglass: '⌛',
  bulb: '💡',
  memo: '📝',
  star: '⭐',
  '100': '💯',
};

/** The emoji of a name, `:name:` where it is not known. A skin tone behind `::` is left out. */
export function emojiOf(name: string): string {
  const [plain = ''] = name.split('::');
  return Object.hasOwn(byName, plain) ? String(byName[plain]) : `:${plain}:`;
}

/** The name of an emoji, `name` for `:name:`; null where it is not known. */
export function nameOfEmoji(emoji: string): string | null {
  const [, name] = /^:([a-z0-9_+-]+):$/.exec(emoji) ?? [];
  const bare = withoutVariant(emoji);
  const found = Object.entries(byName).find(([, it]) => withoutVariant(it) === bare);
  return name ?? found?.[0] ?? null;
}

/** The same sign comes with and without the character that asks for colours. */
function withoutVariant(emoji: string): string {
  return emoji.replaceAll('\u{FE0F}', '');
}
