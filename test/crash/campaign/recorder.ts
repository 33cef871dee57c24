import type { Ended, Sent, Sighting } from '../history.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Writes down what the outside sees, in the order in which it sees it. */
export interface Recorder {
  add(sighting: Exclude<Sighting, Sent | Ended>): void;
  /** A call that made or changed a message. The returned function is told when its answer was written whole. */
  sent(sighting: Omit<Sent, 'type' | 'answeredAt'>, answeredAt: number | null): (at: number) => void;
  /** The gateway is gone since `at`: what came in after that had left it before, and was not answered to it. */
  ended(sighting: Omit<Ended, 'type'>): void;
  /** Resolves when a whole answer to the message was seen. */
  answered(message: string): Promise<void>;
  answeredCount(): number;
  /** When something was seen last (epoch ms). */
  lastAt(): number;
  history(): readonly Sighting[];
}

export function createRecorder(): Recorder {
  const history: (Exclude<Sighting, Sent> | Mutable<Sent>)[] = [];
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const answered = new Set<string>();
  let lastAt = Date.now();
  return {
    add,
    sent,
    ended,
    answered: waitFor,
    answeredCount: () => answered.size,
    lastAt: () => lastAt,
    history: () => history,
  };

  function add(sighting: (typeof history)[number]): void {
    history.push(sighting);
    lastAt = Date.now();
  }

  function sent(
    sighting: Omit<Sent, 'type' | 'answeredAt'>,
    answeredAt: number | null,
  ): (at: number) => void {
    const entry: Mutable<Sent> = { type: 'sent', ...sighting, answeredAt };
    add(entry);
    if (entry.whole) for (const message of entry.messages) settle(message);
    return (at) => {
      entry.answeredAt = at;
    };
  }

  function settle(message: string): void {
    answered.add(message);
    waiting.get(message)?.resolve();
    waiting.delete(message);
  }

  function waitFor(message: string): Promise<void> {
    if (answered.has(message)) return Promise.resolve();
    const wait = waiting.get(message) ?? Promise.withResolvers<void>();
    waiting.set(message, wait);
    return wait.promise;
  }

  function ended(sighting: Omit<Ended, 'type'>): void {
    for (let index = history.length - 1; index >= 0; index -= 1) {
      const entry = history[index];
      if (entry === undefined || entry.at < sighting.at) break;
      if (entry.type === 'sent') Object.assign(entry, { at: sighting.at, answeredAt: null });
    }
    add({ type: 'ended', ...sighting });
  }
}
