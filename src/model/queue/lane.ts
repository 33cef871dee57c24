/** People in a ring, each with a line of things that wait. All steps take constant time. */
export interface Lane<T> {
  add(person: string, item: T): void;
  /** Nothing happens when it is no longer there. */
  remove(person: string, item: T): void;
  /** The first of the person whose turn it is, who then goes to the end of the ring; null when nobody waits. */
  shift(): T | null;
  size(): number;
}

/** The map's own order is the ring, each set's own order the line: both keep the order of insertion. */
export function createLane<T>(): Lane<T> {
  const lineOf = new Map<string, Set<T>>();
  let size = 0;
  return { add, remove, shift, size: () => size };

  function add(person: string, item: T): void {
    const line = lineOf.get(person);
    if (line === undefined) lineOf.set(person, new Set([item]));
    else line.add(item);
    size += 1;
  }

  function remove(person: string, item: T): void {
    const line = lineOf.get(person);
    if (line?.delete(item) !== true) return;
    size -= 1;
    if (line.size === 0) lineOf.delete(person);
  }

  function shift(): T | null {
    for (const [person, line] of lineOf) {
      for (const item of line) {
        line.delete(item);
        size -= 1;
        lineOf.delete(person);
        if (line.size > 0) lineOf.set(person, line);
        return item;
      }
    }
    return null;
  }
}
