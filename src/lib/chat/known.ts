import type { Clock } from '../clock.ts';

/** What is asked once and then known, such as the names of people. */
export interface Known {
  of(id: string): string | null;
  /** Asks for those that are not known. Never rejects, and never takes longer than a moment. */
  learn(ids: readonly string[]): Promise<void>;
}

const askMs = 1_000;
const pauseMs = 60_000;
const mostKept = 1_000;
const mostAsked = 20;

/** `ask` gives the value, or null where it could not be asked: then nothing is asked for a minute. */
export function createKnown(
  clock: Pick<Clock, 'after' | 'elapsed'>,
  ask: (id: string, signal: AbortSignal) => Promise<string | null>,
): Known {
  const kept = new Map<string, string>();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return { of: (id) => kept.get(id) ?? null, learn };

  async function learn(ids: readonly string[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !kept.has(id)).slice(0, mostAsked);
    if (unknown.length === 0 || clock.elapsed() < pausedUntil) return;
    const late = new AbortController();
    const cancel = clock.after(askMs, () => late.abort(new Error('timed out')));
    await Promise.all(unknown.map((id) => learnOne(id, late.signal)));
    cancel();
  }

  async function learnOne(id: string, signal: AbortSignal): Promise<void> {
    const value = await ask(id, signal);
    if (kept.size >= mostKept) kept.clear();
    if (value === null) pausedUntil = clock.elapsed() + pauseMs;
    else kept.set(id, value);
  }
}
