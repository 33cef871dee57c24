import type { Effect, Sighting } from '../history.ts';

/**
 * effectsTwice: effects of a tool for one message that a receiver could not recognise as the same. One line for each
 * beyond the first.
 *
 * `once` acted again: an effect, whatever its key. `keyed` acted again with another key: an effect; with the same key its
 * receiver drops it. `pure` changes nothing and may run as often as it likes.
 */
export function findEffectsTwice(history: readonly Sighting[]): readonly string[] {
  const effects = history.filter((seen) => seen.type === 'effect');
  const byCall = Map.groupBy(effects, ({ tool, message }) => JSON.stringify([tool, message]));
  return [...byCall.values()].flatMap(beyondFirst);
}

function beyondFirst(effects: readonly Effect[]): readonly string[] {
  const once = effects.filter(({ effect }) => effect === 'once').slice(1);
  const keyed = effects.filter(({ effect }) => effect === 'keyed');
  const otherKeys = [...new Set(keyed.map(({ key }) => key))].slice(1);
  return [
    ...once.map(({ tool, message, key }) => `effectsTwice: ${tool} acted again for ${message} (${key})`),
    ...otherKeys.map(
      (key) => `effectsTwice: ${keyed[0]?.tool} got another key for ${keyed[0]?.message} (${key})`,
    ),
  ];
}
