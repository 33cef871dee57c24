import type { StorePort } from '#core/store/store.ts';
import type { Line } from './line.ts';
import { type Group, modes } from './protocol.ts';

/** The store as the kernel sees it: every verb is a message to its thread. */
export function createClient(line: Line): StorePort {
  return {
    boots: verbsOf('boots'),
    events: verbsOf('events'),
    turns: verbsOf('turns'),
    steps: verbsOf('steps'),
    conversations: verbsOf('conversations'),
    outbox: verbsOf('outbox'),
    approvals: verbsOf('approvals'),
    people: verbsOf('people'),
    spend: verbsOf('spend'),
    state: verbsOf('state'),
    onCommit: (listener) => line.onCommit(listener),
    backup: async (path) => {
      await line.ask({ type: 'backup', path });
    },
    close: () => line.close(),
  };

  function verbsOf<G extends Group>(group: G): StorePort[G] {
    const verbs = Object.keys(modes[group]).map((verb) => [
      verb,
      (...args: readonly unknown[]) => line.ask({ type: 'call', group, verb, args }),
    ]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript does not follow Object.fromEntries; that `modes` names the verbs of the port is checked where it stands
    return Object.fromEntries(verbs) as StorePort[G];
  }
}
