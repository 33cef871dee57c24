import type { Seams } from '#core/ports/seams.ts';
import type { StorePort } from '#core/store/store.ts';

/** Told of each named instant: before and after every durable write and every outside call. May end the process. */
export type Hit = (point: string) => void;

type Wrap = <A extends readonly unknown[], R>(
  name: string,
  call: (...args: A) => Promise<R>,
  detail?: (...args: A) => string,
) => (...args: A) => Promise<R>;

/** The composition's seams with a failpoint on both sides of each step of a message's way. */
export function failpointSeams(hit: Hit): Pick<Seams, 'store' | 'model' | 'adapter'> {
  const wrap: Wrap =
    (name, call, detail = () => '') =>
    async (...args) => {
      const what = `${name}${detail(...args)}`;
      hit(`before ${what}`);
      const result = await call(...args);
      hit(`after ${what}`);
      return result;
    };
  return {
    store: (store) => wrapStore(store, wrap, hit),
    model: (model) => ({ ...model, call: wrap('model.call', model.call) }),
    adapter: (adapter) => ({
      ...adapter,
      send: wrap('adapter.send', adapter.send, (delivery) => ` ${delivery.body.kind}`),
    }),
  };
}

/** Claims look again and again: only one that brought something is a point. Before it is after what it found. */
function wrapStore(store: StorePort, wrap: Wrap, hit: Hit): StorePort {
  const { events, turns, spend, outbox } = store;
  return {
    ...store,
    events: { ...events, accept: onlyWithWork(events.accept, wrap) },
    turns: {
      ...turns,
      claim: async (plan) => {
        const claim = await turns.claim(plan);
        if (claim.type === 'turn') hit('after turns.claim');
        return claim;
      },
      append: wrap('turns.append', turns.append, (input) => {
        const kinds = [...input.steps.map((step) => step.kind), ...(input.end === null ? [] : ['end'])];
        return ` [${kinds.join(' ')}]`;
      }),
    },
    spend: { ...spend, reserve: wrap('spend.reserve', spend.reserve) },
    outbox: {
      ...outbox,
      claim: async (input) => {
        const rows = await outbox.claim(input);
        if (rows.length > 0) hit('after outbox.claim');
        return rows;
      },
      settle: wrap('outbox.settle', outbox.settle, (input) => ` ${input.outcome.status}`),
    },
  };
}

/** Long polls that bring nothing commit nothing of interest. */
function onlyWithWork(accept: StorePort['events']['accept'], wrap: Wrap): StorePort['events']['accept'] {
  const watched = wrap('events.accept', accept);
  return (input) => (input.entries.length === 0 ? accept(input) : watched(input));
}
