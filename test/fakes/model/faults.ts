/** What goes wrong with one request. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection breaks before anything is answered. */
  | { readonly kind: 'reset' }
  /** A data line that is no JSON, after the first piece of text. */
  | { readonly kind: 'malformed' }
  /** JSON that is no chunk. */
  | { readonly kind: 'nonsense' }
  /** Nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** Headers and a first piece of text, then silence. */
  | { readonly kind: 'stall' }
  /** The whole reply, one chunk each `everyMs`. */
  | { readonly kind: 'slow'; readonly everyMs: number }
  /** Text without end. */
  | { readonly kind: 'endless' }
  /** Comment lines without end: bytes, but never an answer. */
  | { readonly kind: 'keepalive'; readonly everyMs: number }
  /** The stream ends in an orderly way, but without finish_reason and `[DONE]`. */
  | { readonly kind: 'unfinished' }
  /** finish_reason, but no text and no call. */
  | { readonly kind: 'empty' }
  /** An error object inside the stream, after the first piece of text. */
  | { readonly kind: 'error-event'; readonly error: unknown };

export interface FaultQueue {
  add(fault: Fault, times: number): void;
  take(): Fault | null;
}

export function createFaultQueue(): FaultQueue {
  const queue: Fault[] = [];
  return {
    add: (fault, times) => {
      for (let i = 0; i < times; i += 1) queue.push(fault);
    },
    take: () => queue.shift() ?? null,
  };
}
