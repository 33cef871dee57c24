/** A stream of text events towards one reader, with an end to what it may hold back for a slow one. */
export interface Outlet {
  readonly stream: ReadableStream<Uint8Array>;
  /** Aborted once nothing can be pushed any more: the reader left, was too slow, or the stream was ended. */
  readonly ended: AbortSignal;
  /**
   * Takes one whole event. More than the limits unread ends the stream instead; after the end it does nothing.
   * A single event is taken whatever its size: refused, it would be refused again at every resumption.
   */
  push(text: string): void;
  /** Resolves when everything was read or the stream has ended. */
  drained(): Promise<void>;
  /** Ends the stream after what was pushed. */
  end(): void;
}

export interface OutletLimits {
  readonly maxBytes: number;
  readonly maxEvents: number;
}

export function createOutlet(limits: OutletLimits): Outlet {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const backlog = createBacklog(limits);
  let sink: ReadableStreamDefaultController<Uint8Array> | null = null;
  let wanted = false;

  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        sink = controller;
      },
      pull: () => {
        wanted = true;
        flush();
      },
      cancel: () => {
        sink = null;
        backlog.take();
        end();
      },
    },
    // Nothing is taken from the backlog before the reader asks: the limits see all that is unread.
    { highWaterMark: 0 },
  );
  return { stream, ended: ended.signal, push, drained: () => backlog.drained(), end };

  function push(text: string): void {
    if (ended.signal.aborted) return;
    backlog.add(text);
    flush();
    if (!backlog.isOver()) return;
    backlog.take();
    end();
  }

  function flush(): void {
    if (wanted && !backlog.isEmpty()) {
      wanted = false;
      sink?.enqueue(encoder.encode(backlog.take()));
    }
    if (!backlog.isEmpty() || !ended.signal.aborted) return;
    sink?.close();
    sink = null;
  }

  function end(): void {
    ended.abort();
    flush();
  }
}

interface Backlog {
  add(text: string): void;
  /** All of it as one text. */
  take(): string;
  drained(): Promise<void>;
  isEmpty(): boolean;
  isOver(): boolean;
}

function createBacklog(limits: OutletLimits): Backlog {
  let events: string[] = [];
  let bytes = 0;
  let waiting: (() => void)[] = [];
  return {
    add: (text) => {
      events.push(text);
      bytes += Buffer.byteLength(text);
    },
    take: () => {
      const all = events.join('');
      const drained = waiting;
      events = [];
      bytes = 0;
      waiting = [];
      for (const resolve of drained) resolve();
      return all;
    },
    drained: () =>
      events.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
    isEmpty: () => events.length === 0,
    isOver: () => events.length > 1 && (bytes > limits.maxBytes || events.length > limits.maxEvents),
  };
}
