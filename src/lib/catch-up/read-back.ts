import { backoffMs } from '../backoff.ts';
import { reconnect } from '../net/keep-connected.ts';

/** A place whose messages behind `after` may be missing. */
export interface Gap {
  readonly id: string;
  readonly after: string;
}

/** gaps → page after page, oldest first → stored, until a page is short. Places in the order in which they were added. */
export interface ReadBack<G extends Gap> {
  add(gap: G): void;
  isOpen(): boolean;
  /** Until no gap is left, or the signal aborts. Rejects where one cannot be closed now; it stays open then. */
  run(signal: AbortSignal): Promise<void>;
}

/** What asking brought. `later`: it may pass; after `pauseMs`, or a pause that grows. `never`: it cannot be read. */
export type Asked<T> =
  | { readonly type: 'found'; readonly value: T }
  | { readonly type: 'never'; readonly why: string }
  | { readonly type: 'later'; readonly why: string; readonly pauseMs: number | null };

export interface ReadBackOptions<G extends Gap, T> {
  /** Where to begin; null: nothing is missing. */
  begin(gap: G, signal: AbortSignal): Promise<Asked<string | null>>;
  /** The messages right behind `from`, oldest first. */
  page(id: string, from: string, signal: AbortSignal): Promise<Asked<readonly T[]>>;
  store(id: string, messages: readonly T[], signal: AbortSignal): Promise<void>;
  idOf(message: T): string;
  readonly pageSize: number;
  /** Of one place; what is beyond is left, and said. */
  readonly mostPages: number;
  /** A place that is not read, or not to its end. */
  unread(gap: G, why: string): Promise<void>;
}

const mostTries = 5;

export function createReadBack<G extends Gap, T>(
  deps: {
    readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> };
    readonly random: { next(): number };
  },
  how: ReadBackOptions<G, T>,
): ReadBack<G> {
  const gaps = new Map<string, G>();
  return { add: (gap) => void gaps.set(gap.id, gap), isOpen: () => gaps.size > 0, run };

  async function run(signal: AbortSignal): Promise<void> {
    for (const [id, gap] of gaps) {
      const why = await close(gap, signal);
      if (signal.aborted) return;
      if (why !== null) await how.unread(gap, why);
      gaps.delete(id);
    }
  }

  /** Null: nothing is missing any more; else why not all of it could be read. */
  async function close(gap: G, signal: AbortSignal): Promise<string | null> {
    const start = await patiently(() => how.begin(gap, signal), signal);
    if (start?.type === 'never') return start.why;
    let from = start?.value ?? null;
    for (let pages = 0; from !== null; pages += 1) {
      if (pages === how.mostPages) return `more than ${how.mostPages * how.pageSize} messages`;
      const behind = from;
      const page = await patiently(() => how.page(gap.id, behind, signal), signal);
      if (page === null) return null;
      if (page.type === 'never') return page.why;
      if (page.value.length > 0) await how.store(gap.id, page.value, signal);
      const last = page.value.at(-1);
      from = last === undefined || page.value.length < how.pageSize ? null : how.idOf(last);
    }
    return null;
  }

  /** Null: it was stopped. */
  async function patiently<V>(
    ask: () => Promise<Asked<V>>,
    signal: AbortSignal,
  ): Promise<Exclude<Asked<V>, { type: 'later' }> | null> {
    for (let tries = 1; !signal.aborted;) {
      const asked = await ask();
      if (signal.aborted) return null;
      if (asked.type !== 'later') return asked;
      if (asked.pauseMs === null && tries === mostTries) throw new Error(asked.why);
      await deps.clock.sleep(asked.pauseMs ?? backoffMs(reconnect, tries, deps.random), signal);
      // To be told how long to wait is no failure.
      if (asked.pauseMs === null) tries += 1;
    }
    return null;
  }
}
