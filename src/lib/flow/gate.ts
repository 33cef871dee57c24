/** Lets `places` pieces of work run at the same time; the others wait in order. */
export function createGate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      return await work();
    } finally {
      // The place goes to the next in line as it is: nobody who comes now can take it first.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
