/**
 * Gathers what is given within one turn of the event loop and hands it on together, in order, when that turn ends: an
 * idle process waits for nothing, and a busy one sends few large parcels instead of many small ones.
 */
export function createGather<T>(send: (items: readonly T[]) => void): (item: T) => void {
  let gathered: T[] = [];
  return (item) => {
    gathered.push(item);
    if (gathered.length === 1) setImmediate(flush);
  };

  function flush(): void {
    const items = gathered;
    gathered = [];
    send(items);
  }
}
