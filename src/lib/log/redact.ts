/** Shapes of secrets that are recognised wherever they stand. The names behind them are left readable. */
const shapes: readonly RegExp[] = [
  /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}/g,
  /(?<![A-Za-z0-9])(?:xox[abprs]|xapp)-[A-Za-z0-9-]{10,}/g,
  /(?<![A-Za-z0-9])(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{16,}/g,
  /(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}/g, // Telegram bot token, also in a path: /bot123456:…
  /(?<![\w-])[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}(?![\w-])/g, // Discord bot token
  /(?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/g, // Google API key
  /(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/=]{16,}/g, // Standard Webhooks
  /(?<![A-Za-z0-9])EAA[A-Za-z0-9]{30,}/g, // Meta's Graph API
  /(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=\/\/[^/\s:@]*:)[^/\s]+(?=@)/g, // password in a URL, up to the last @ before the path
];

const mask = '[secret]';
const leastChars = 6;

/** Masks every known secret, also as it stands in JSON and in a URL, and everything that has the shape of one. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = new Set(secrets.filter((secret) => secret.length >= leastChars).flatMap(spellings));
  // Longest first: a secret that contains another must not be masked in part.
  const inOrder = [...known].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of inOrder) clean = clean.split(secret).join(mask);
    for (const shape of shapes) clean = clean.replace(shape, mask);
    return clean;
  };
}

function spellings(secret: string): readonly string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
}
