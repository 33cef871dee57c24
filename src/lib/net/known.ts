import type { Clock } from '../clock.ts';

/** What is asked once and then known, such as the names of people. */
export interface Known {
  of(id: string): string | null;
  /** Asks for those that are not known. Never rejects, and never takes longer than a moment. */
  learn(ids: readonly string[]): Promise<void>;
}

const askMs = 1_000;
const minuteMs = 60_000;
const mostKept = 1_000;
const mostAsked = 20;
/** A group full of strangers must not use up what the platform lets us ask. */
const mostAMinute = 60;

/**
 * `ask` gives the value, or null where it could not be asked: then nothing is asked for a minute. The thousand that were
 * spoken of last are kept.
 */
export function createKnown(
  clock: Pick<Clock, 'after' | 'elapsed'>,
  ask: (id: string, signal: AbortSignal) => Promise<string | null>,
): Known {
  const kept = new Map<string, string>();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let minute = { since: Number.NEGATIVE_INFINITY, left: 0 };
  return { of: (id) => kept.get(id) ?? null, learn };

  async function learn(ids: readonly string[]): Promise<void> {
    const now = clock.elapsed();
    if (now - minute.since >= minuteMs) minute = { since: now, left: mostAMinute };
    const unknown = [...new Set(ids)].filter((id) => !isKept(id)).slice(0, Math.min(mostAsked, minute.left));
    if (unknown.length === 0 || now < pausedUntil) return;
    minute.left -= unknown.length;
    const late = new AbortController();
    const cancel = clock.after(askMs, () => late.abort(new Error('timed out')));
    await Promise.all(unknown.map((id) => learnOne(id, late.signal)));
    cancel();
  }

  async function learnOne(id: string, signal: AbortSignal): Promise<void> {
    const value = await ask(id, signal);
    if (value === null) pausedUntil = clock.elapsed() + minuteMs;
    else keep(id, value);
  }

  function isKept(id: string): boolean {
    const value = kept.get(id);
    if (value !== undefined) keep(id, value);
    return value !== undefined;
  }

  function keep(id: string, value: string): void {
    kept.delete(id);
    kept.set(id, value);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  }
}
