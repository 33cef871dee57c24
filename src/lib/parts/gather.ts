import { createInOrder } from '../in-order.ts';
import { type Part, type Parts, type Taken, type Whole, endWholes, takeParts } from './take.ts';

/** Where things go, and how long. */
export interface PartsDoor<T> {
  readonly sink: {
    /** Resolves after both are committed together; rejects when nothing was stored. */
    accept(values: readonly T[], cursor?: string): Promise<void>;
    cursor(): Promise<string | null>;
  };
  readonly signal: AbortSignal;
}

/** Lets messages that a platform sends in several pieces through as one; see take.ts. */
export interface PartsGatherer<T> {
  /** Reads what the last commit left, once, and goes on with what waits. */
  load(door: PartsDoor<T>): Promise<void>;
  /** The offset that was committed last, or ''. */
  offset(): string;
  /** Resolves after everything is committed: what goes on as such, the parts of what may be incomplete in the cursor. */
  take(door: PartsDoor<T>, heard: readonly Part<T>[], offset?: string): Promise<void>;
}

export interface PartsOptions<T> {
  /** A whole that has not grown for so long is complete. */
  readonly quietMs: number;
  readonly most: number;
  readonly merge: (whole: Whole<T>) => T;
  /** Checks what was stored; throws where it is not what it should be. */
  readonly read: (stored: unknown) => Parts<T>;
}

interface Cursor<T> {
  readonly offset: string;
  readonly parts: Parts<T>;
}

/** The cursor is the offset and, behind a space, what is known of wholes. Nothing is held in memory alone. */
export function createPartsGatherer<T>(
  deps: {
    readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> };
    /** A whole could not be stored; it is tried again. */
    readonly refused: (error: unknown) => void;
  },
  { quietMs, most, merge, read }: PartsOptions<T>,
): PartsGatherer<T> {
  const inOrder = createInOrder();
  let stored: Cursor<T> | null = null;
  return {
    offset: () => stored?.offset ?? '',
    load: (door) => inOrder(async () => void (await known(door))),
    take: (door, heard, offset) =>
      inOrder(() => commit(door, (parts) => takeParts(parts, heard, most), offset)),
  };

  /** Whoever comes first reads it, and what waits in it is on its way out from then on. */
  async function known(door: PartsDoor<T>): Promise<Cursor<T>> {
    if (stored === null) {
      stored = readCursor(await door.sink.cursor(), read);
      endLater(door, stored.parts.open);
    }
    return stored;
  }

  async function commit(
    door: PartsDoor<T>,
    take: (parts: Parts<T>) => Taken<T>,
    offset?: string,
  ): Promise<void> {
    const before = await known(door);
    const { parts, out } = take(before.parts);
    const next = { offset: offset ?? before.offset, parts };
    const isSame = next.offset === before.offset && parts === before.parts;
    if (isSame && out.length === 0) return;
    await door.sink.accept(out.map(merge), isSame ? undefined : textOf(next));
    stored = next;
    if (parts !== before.parts) endLater(door, parts.open);
  }

  function endLater(door: PartsDoor<T>, open: Parts<T>['open']): void {
    if (open.length === 0) return;
    void endWhenQuiet(door, open).catch((error: unknown) => {
      deps.refused(error);
      endLater(door, open);
    });
  }

  async function endWhenQuiet(door: PartsDoor<T>, open: Parts<T>['open']): Promise<void> {
    await deps.clock.sleep(quietMs, door.signal);
    if (door.signal.aborted) return; // they are stored: the next start goes on with them
    // One that has grown meanwhile is another object.
    await inOrder(() => commit(door, (parts) => endWholes(parts, (whole) => open.includes(whole))));
  }
}

function readCursor<T>(text: string | null, read: PartsOptions<T>['read']): Cursor<T> {
  const [, offset = '', known = ''] = /^(\S*) ?(.*)$/s.exec(text ?? '') ?? [];
  return { offset, parts: known === '' ? { open: [], done: [] } : read(JSON.parse(known)) };
}

function textOf<T>({ offset, parts }: Cursor<T>): string {
  const isEmpty = parts.open.length === 0 && parts.done.length === 0;
  return isEmpty ? offset : `${offset} ${JSON.stringify(parts)}`;
}
