/** Runs pieces of work one after another, each after the end of the one before, whatever that end was. */
export function createInOrder(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    // Whoever asked is told of a failure; the next in line only waits for the end.
    last = mine.catch(() => undefined);
    return mine;
  };
}
