import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U, so that a code can be read out and typed. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `length` characters from the operating system's randomness. Fit for secrets. */
export function randomCode(length: number): string {
  let code = '';
  for (const byte of randomBytes(length)) code += alphabet.charAt(byte & 31);
  return code;
}

/** A bearer secret: 32 bytes, hex. */
export function randomToken(): string {
  return randomBytes(32).toString('hex');
}

/** Uniform in [0, 1), for jitter; not for secrets. */
export function createRandom(): { next(): number } {
  return { next: () => Math.random() };
}

/** ULID: 10 characters of time, 16 of randomness; sorts by time. The randomness is drawn for many at once. */
export function createUlid(now: () => number): () => string {
  let drawn = '';
  return () => {
    if (drawn === '') drawn = randomCode(16 * 64);
    const random = drawn.slice(0, 16);
    drawn = drawn.slice(16);
    return timeToText(now()) + random;
  };
}

function timeToText(ms: number): string {
  let text = '';
  let rest = ms;
  for (let i = 0; i < 10; i += 1) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** The time in a ULID (epoch ms); null for text that is none. */
export function ulidTime(text: string): number | null {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) return null;
  return Array.from(text.slice(0, 10)).reduce((time, letter) => time * 32 + alphabet.indexOf(letter), 0);
}
