import { createGather } from '../gather.ts';

/** Takes items and hands them on in parcels, one parcel after another, each after the end of the one before. */
export interface Line<T> {
  /** Returns at once. Nothing is taken any more after a failure or the end. */
  take(item: T): void;
  /** Resolves with what a parcel threw, or with what says that too much waits. */
  readonly failed: Promise<unknown>;
  /** Drops what waits; resolves when the parcel at work has ended. */
  end(): Promise<void>;
}

export interface LineOptions<T> {
  /** Of what came within one turn of the event loop. Absent: as it came. */
  readonly order?: (a: T, b: T) => number;
  /** How many of those that wait, at least one, go together. */
  parcel(waiting: readonly T[]): number;
  work(parcel: readonly T[], signal: AbortSignal): Promise<void>;
  /** More waiting is a failure. */
  readonly most: number;
}

export function createLine<T>(options: LineOptions<T>): Line<T> {
  const { order = () => 0, most } = options;
  const waiting: T[] = [];
  const failure = Promise.withResolvers<unknown>();
  const over = new AbortController();
  let working: Promise<void> | null = null;
  const gather = createGather<T>((items) => {
    if (over.signal.aborted) return;
    waiting.push(...items.toSorted(order));
    if (waiting.length > most) fail(new Error('more comes in than can be stored'));
    working ??= work().finally(() => {
      working = null;
    });
  });
  return {
    take: gather,
    failed: failure.promise,
    end: async () => {
      over.abort();
      await working;
    },
  };

  async function work(): Promise<void> {
    try {
      while (waiting.length > 0 && !over.signal.aborted) {
        await options.work(waiting.splice(0, options.parcel(waiting)), over.signal);
      }
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    over.abort();
    waiting.length = 0;
    failure.resolve(error);
  }
}
