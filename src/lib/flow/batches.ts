/** Puts what comes in together: one run at a time, over all that waits then, in the order it came. */
export interface Batches<T> {
  /** Resolves when the run with the item did, and rejects as it did. */
  add(item: T): Promise<void>;
  /** Looks again whether what was held may go. */
  go(): void;
}

/** An item that is held stays in its place in the line; those behind it that are not held pass it. */
export function createBatches<T>(options: {
  run(items: readonly T[]): Promise<void>;
  isHeld(item: T): boolean;
  readonly most: number;
}): Batches<T> {
  const line: { readonly item: T; readonly done: PromiseWithResolvers<void> }[] = [];
  let isRunning = false;
  return {
    add(item) {
      const done = Promise.withResolvers<void>();
      line.push({ item, done });
      void go();
      return done.promise;
    },
    go: () => void go(),
  };

  async function go(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    for (let batch = take(); batch.length > 0; batch = take()) {
      try {
        await options.run(batch.map(({ item }) => item));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    isRunning = false;
  }

  function take(): typeof line {
    const batch = line.filter(({ item }) => !options.isHeld(item)).slice(0, options.most);
    for (const entry of batch) line.splice(line.indexOf(entry), 1);
    return batch;
  }
}
