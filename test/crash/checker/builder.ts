import type { Acknowledged, Asked, Effect, Ended, Said, Sent, Sighting, Started } from '../history.ts';

/** Sightings for hand-written histories: what a test does not name is as harmless as can be. */
const chat = 'telegram:7';

export function said(message: string, more: Partial<Said> = {}): Said {
  return { type: 'said', at: 0, chat, message, tools: false, ...more };
}

export function acknowledged(message: string): Acknowledged {
  return { type: 'acknowledged', at: 0, message };
}

export function asked(messages: readonly string[], stage: Asked['stage'] = 'start'): Asked {
  return { type: 'asked', at: 0, messages, stage };
}

export function effect(kind: Effect['effect'], message: string, key = 'k1'): Effect {
  return { type: 'effect', at: 0, tool: kind, effect: kind, message, key };
}

/** A whole answer in a message of its own, answered at once. */
export function sent(messages: readonly string[], more: Partial<Sent> & Pick<Sent, 'place'>): Sent {
  const at = more.at ?? 0;
  return {
    type: 'sent',
    at,
    answeredAt: at,
    kind: 'new',
    chat,
    messages,
    whole: true,
    marked: false,
    ...more,
  };
}

/** The beginning of an answer. */
export function piece(messages: readonly string[], more: Partial<Sent> & Pick<Sent, 'place'>): Sent {
  return sent(messages, { whole: false, ...more });
}

export function edit(messages: readonly string[], more: Partial<Sent> & Pick<Sent, 'place'>): Sent {
  return sent(messages, { kind: 'edit', ...more });
}

export function killed(at: number, more: Partial<Ended> = {}): Ended {
  return { type: 'ended', at, how: 'kill', point: null, committed: [], ...more };
}

export function started(at: number): Started {
  return { type: 'started', at };
}

/** The same, in the order of time, at the times of their places where they have none. */
export function inTime(history: readonly Sighting[], everyMs = 10): readonly Sighting[] {
  return history.map((seen, index) => {
    const at = index * everyMs;
    if (seen.type !== 'sent') return { ...seen, at };
    return { ...seen, at, answeredAt: seen.answeredAt === null ? null : at + 1 };
  });
}
