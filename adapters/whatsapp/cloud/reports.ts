import type { AdapterStatePort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { bornAt } from '#lib/ids.ts';
import type { Report } from './parse.ts';

/**
 * What Meta says of sends whose answer was never read: it is kept in the store, so that the next process knows it too.
 * All but the newest 500, of three days, are forgotten: nothing is looked up for longer.
 */
export interface Reports {
  /** Resolves after commit; then it may be acknowledged. Those of answered sends are passed over. */
  note(reports: readonly Report[]): Promise<void>;
  /** The answer of a send was read. */
  answered(delivery: string, messageId: string): Promise<void>;
  /** The message that the delivery became; null where nothing was said, or the last that was said is that it failed. */
  find(delivery: string): Promise<string | null>;
  /** The same, as soon as it is said; null after `ms` or an abort. */
  wait(
    delivery: string,
    limit: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<string | null>;
  /** Of answered sends of this process. */
  deliveryOf(messageId: string): string | null;
}

const prefix = 'sent ';
/** Before the message's id where it failed. */
const failedMark = '!';
const mostKept = 500;
const mostAnswered = 2_000;
const keepMs = 3 * 86_400_000;

export function createReports(deps: {
  readonly state: AdapterStatePort;
  readonly clock: ClockPort;
}): Reports {
  const { state, clock } = deps;
  const read = createAnswered();
  const waiters = createWaiters(clock);
  const load = createLoad(state);
  const find = async (delivery: string): Promise<string | null> => plain((await load()).get(delivery));

  return {
    note,
    find,
    answered,
    wait: (delivery, limit) => waiters.wait({ delivery, find }, limit),
    deliveryOf: read.deliveryOf,
  };

  async function note(reports: readonly Report[]): Promise<void> {
    const known = await load();
    const news = new Map<string, string>();
    for (const { id, delivery, failed } of reports) {
      if (!known.has(delivery) && (read.has(delivery) || isOld(delivery))) continue;
      const before = news.get(delivery) ?? known.get(delivery);
      // Statuses come in any order: once it failed, an older one changes nothing.
      if (before === `${failedMark}${id}` || (before === id && !failed)) continue;
      news.set(delivery, failed ? `${failedMark}${id}` : id);
    }
    if (news.size > 0) await keep(known, news);
    for (const { id, delivery } of reports) waiters.tell(delivery, id);
  }

  async function keep(known: Map<string, string>, news: ReadonlyMap<string, string>): Promise<void> {
    const over = overIn([...known.keys(), ...news.keys()], isOld);
    const dropped = over.map((id): [string, null] => [`${prefix}${id}`, null]);
    const added = [...news].map(([id, value]): [string, string] => [`${prefix}${id}`, value]);
    await state.setAll(Object.fromEntries([...added, ...dropped]));
    for (const [id, value] of news) known.set(id, value);
    for (const id of over) known.delete(id);
  }

  function isOld(delivery: string): boolean {
    const at = bornAt(delivery);
    return at === null || clock.now() - at > keepMs;
  }

  async function answered(delivery: string, messageId: string): Promise<void> {
    const known = await load();
    if (known.has(delivery)) {
      await state.set(`${prefix}${delivery}`, null);
      known.delete(delivery);
    }
    read.add(delivery, messageId);
  }
}

/** Those that are too many or too old. Ids sort by the time they were made. */
function overIn(deliveries: readonly string[], isOld: (delivery: string) => boolean): readonly string[] {
  const inOrder = [...new Set(deliveries)].sort();
  return inOrder.filter((id, index) => index < inOrder.length - mostKept || isOld(id));
}

/** What the store holds, read once. A store that could not be read is asked again. */
function createLoad(state: AdapterStatePort): () => Promise<Map<string, string>> {
  let kept: Promise<Map<string, string>> | null = null;
  return () => {
    kept ??= state.list(prefix).then(
      (rows) => new Map(Object.entries(rows).map(([key, value]) => [key.slice(prefix.length), value])),
      (error: unknown) => {
        kept = null;
        throw error;
      },
    );
    return kept;
  };
}

/** Sends of this process whose answer was read, the newest 2,000. */
function createAnswered(): {
  has(delivery: string): boolean;
  add(delivery: string, messageId: string): void;
  readonly deliveryOf: Reports['deliveryOf'];
} {
  const messageBy = new Map<string, string>();
  const deliveryBy = new Map<string, string>();
  return {
    has: (delivery) => messageBy.has(delivery),
    deliveryOf: (messageId) => deliveryBy.get(messageId) ?? null,
    add: (delivery, messageId) => {
      messageBy.set(delivery, messageId);
      deliveryBy.set(messageId, delivery);
      const [oldest] = messageBy;
      if (messageBy.size <= mostAnswered || oldest === undefined) return;
      messageBy.delete(oldest[0]);
      deliveryBy.delete(oldest[1]);
    },
  };
}

function createWaiters(clock: ClockPort): {
  tell(delivery: string, messageId: string): void;
  wait(
    asked: { readonly delivery: string; readonly find: Reports['find'] },
    limit: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<string | null>;
} {
  const waiting = new Map<string, Set<(messageId: string) => void>>();
  return {
    tell: (delivery, messageId) => {
      for (const tell of waiting.get(delivery) ?? []) tell(messageId);
    },
    wait: async ({ delivery, find }, { ms, signal }) => {
      const said = Promise.withResolvers<string>();
      const tells = waiting.get(delivery) ?? new Set();
      waiting.set(delivery, tells.add(said.resolve));
      const over = new AbortController();
      try {
        const known = await find(delivery);
        if (known !== null) return known;
        const late = clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(() => null);
        return await Promise.race([said.promise, late]);
      } finally {
        over.abort();
        tells.delete(said.resolve);
        if (tells.size === 0) waiting.delete(delivery);
      }
    },
  };
}

function plain(value: string | undefined): string | null {
  return value === undefined || value.startsWith(failedMark) ? null : value;
}
