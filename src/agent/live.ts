import type { TurnId } from '#core/ids.ts';
import type { LiveEvent, LivePort } from '#core/ports/live.ts';

/** Fans what happens right now out to pages and API streams, and keeps each running turn's text so far for late readers. */
export function createLive(): LivePort {
  const listeners = new Set<(event: LiveEvent) => void>();
  const partials = new Map<TurnId, string>();
  return {
    publish(event) {
      if (event.type === 'delta') partials.set(event.turn, (partials.get(event.turn) ?? '') + event.text);
      if (event.type === 'restart') partials.delete(event.turn);
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    partial: (turn) => partials.get(turn) ?? '',
    clear: (turn) => void partials.delete(turn),
  };
}
