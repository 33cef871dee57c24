import type { Said, Sent, Sighting } from '../history.ts';

/** A message of ours on the platform: one call made it, later calls changed it. */
export interface Place {
  readonly chat: string;
  readonly place: string;
  /** Every message that it answered, or began to answer, at any time. */
  readonly messages: readonly string[];
  /** What it shows in the end. */
  readonly last: Sent;
}

/** In the order in which they were first seen. Only those that speak of a message: Tiro's own words answer nothing. */
export function placesOf(history: readonly Sighting[]): readonly Place[] {
  const calls = Map.groupBy(sentIn(history), ({ chat, place }) => JSON.stringify([chat, place]));
  return [...calls.values()].flatMap((seen) => {
    const last = seen.at(-1);
    const messages = [...new Set(seen.flatMap((call) => call.messages))];
    return last === undefined || messages.length === 0
      ? []
      : [{ chat: last.chat, place: last.place, messages, last }];
  });
}

/** What was said, each message once: a platform that gives it again does not say it again. */
export function saidIn(history: readonly Sighting[]): readonly Said[] {
  const byMessage = new Map<string, Said>();
  for (const seen of history) {
    if (seen.type === 'said' && !byMessage.has(seen.message)) byMessage.set(seen.message, seen);
  }
  return [...byMessage.values()];
}

export function sentIn(history: readonly Sighting[]): readonly Sent[] {
  return history.filter((seen) => seen.type === 'sent');
}
