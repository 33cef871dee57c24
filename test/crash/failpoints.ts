import type { Seams } from '#core/ports/seams.ts';
import type { Append } from '#core/store/turns.ts';
import type { StorePort } from '#core/store/store.ts';

/** Told of each named instant: before and after every durable write and every outside call. May end the process. */
export type Hit = (point: string) => void;

/** Told of each commit of a turn once it is made, before the failpoint behind it. */
export type OnAppended = (input: Append) => void;

type Wrap = <A extends readonly unknown[], R>(
  name: string,
  call: (...args: A) => Promise<R>,
  detail?: (...args: A) => string,
) => (...args: A) => Promise<R>;

/** The composition's seams with a failpoint on both sides of each step of a message's way. */
export function failpointSeams(
  hit: Hit,
  onAppended: OnAppended = () => undefined,
): Pick<Seams, 'store' | 'model' | 'adapter'> {
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
    store: (store) => wrapStore(store, { wrap, hit, onAppended }),
    model: (model) => ({ ...model, call: wrap('model.call', model.call) }),
    adapter: (adapter) => {
      const { typing, draft } = adapter;
      return {
        ...adapter,
        send: wrap('adapter.send', adapter.send, (delivery) => ` ${delivery.body.kind}`),
        ...(typing === undefined ? {} : { typing: wrap('adapter.typing', typing) }),
        ...(draft === undefined ? {} : { draft: wrap('adapter.draft', draft) }),
      };
    },
  };
}

interface Points {
  readonly wrap: Wrap;
  readonly hit: Hit;
  readonly onAppended: OnAppended;
}

function wrapStore(store: StorePort, points: Points): StorePort {
  const { wrap } = points;
  const { events, conversations, approvals, spend, state, boots } = store;
  return {
    ...store,
    boots: {
      ...boots,
      healthy: wrap('boots.healthy', boots.healthy),
      stopped: wrap('boots.stopped', boots.stopped),
    },
    events: {
      ...events,
      // Long polls that bring nothing commit nothing of interest.
      accept: unless(
        ({ entries }) => entries.length === 0,
        events.accept,
        wrap('events.accept', events.accept),
      ),
      settleCommand: wrap('events.settleCommand', events.settleCommand),
      failCommand: wrap('events.failCommand', events.failCommand),
    },
    turns: wrapTurns(store.turns, points),
    conversations: { ...conversations, say: wrap('conversations.say', conversations.say) },
    approvals: { ...approvals, decide: wrap('approvals.decide', approvals.decide) },
    spend: {
      ...spend,
      reserve: wrap('spend.reserve', spend.reserve),
      settle: wrap('spend.settle', spend.settle),
    },
    state: {
      ...state,
      set: wrap('state.set', state.set),
      setAll: wrap('state.setAll', state.setAll),
    },
    outbox: wrapOutbox(store.outbox, points),
  };
}

function wrapTurns(turns: StorePort['turns'], { wrap, hit, onAppended }: Points): StorePort['turns'] {
  const append: typeof turns.append = async (input) => {
    const steps = await turns.append(input);
    onAppended(input);
    return steps;
  };
  return {
    ...turns,
    claim: found('turns.claim', turns.claim, { hit, isWork: (claim) => claim.type === 'turn' }),
    join: found('turns.join', turns.join, { hit, isWork: (steps) => steps.length > 0 }),
    retryDue: found('turns.retryDue', turns.retryDue, { hit, isWork: (due) => due.length > 0 }),
    resume: wrap('turns.resume', turns.resume),
    defer: wrap('turns.defer', turns.defer),
    stop: wrap('turns.stop', turns.stop),
    append: wrap('turns.append', append, (input) => {
      const kinds = [...input.steps.map((step) => step.kind), ...(input.end === null ? [] : ['end'])];
      return ` [${[...new Set(kinds)].join(' ')}]`;
    }),
  };
}

function wrapOutbox(outbox: StorePort['outbox'], { wrap, hit }: Points): StorePort['outbox'] {
  return {
    ...outbox,
    claim: found('outbox.claim', outbox.claim, { hit, isWork: (rows) => rows.length > 0 }),
    settle: wrap('outbox.settle', outbox.settle, (input) => ` ${input.outcome.status}`),
    preview: wrap('outbox.preview', outbox.preview),
  };
}

/** What looks again and again: only a look that brought something is a point. Before it is after what it found. */
function found<A extends readonly unknown[], R>(
  name: string,
  look: (...args: A) => Promise<R>,
  { hit, isWork }: { readonly hit: Hit; readonly isWork: (result: R) => boolean },
): (...args: A) => Promise<R> {
  return async (...args) => {
    const result = await look(...args);
    if (isWork(result)) hit(`after ${name}`);
    return result;
  };
}

function unless<A extends readonly unknown[], R>(
  isIdle: (...args: A) => boolean,
  plain: (...args: A) => Promise<R>,
  watched: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return (...args) => (isIdle(...args) ? plain(...args) : watched(...args));
}
