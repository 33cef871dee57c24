import type { AdapterStatePort } from '#core/ports/adapter.ts';
import type { StatePort } from '#core/store/state.ts';

/** The keys of one adapter, and of no other. */
export function stateOf(state: StatePort): (scope: string) => AdapterStatePort {
  return (scope) => ({
    get: (key) => state.get({ scope, key }),
    set: (key, value) => state.set({ scope, key, value }),
    setAll: (entries) => state.setAll({ scope, entries }),
    list: (prefix) => state.list({ scope, prefix }),
  });
}
