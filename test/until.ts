import { setTimeout as sleep } from 'node:timers/promises';

type NotYet = false | null | undefined;

/** Resolves with the first value that is there; fails loudly when none comes in time. */
export async function until<T extends object | string | number | true>(
  what: string,
  look: () => T | NotYet | Promise<T | NotYet>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== false && value !== null && value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await sleep(10);
  }
}
