import type { ClockPort } from '#core/ports/clock.ts';

/** A body whose bytes are counted as they pass, and which remembers whether its last event was `[DONE]`. */
export interface Watched {
  readonly response: Response;
  sawDone(): boolean;
}

const marks = ['\ndata: [DONE]', '\ndata:[DONE]'] as const;
const longestMark = marks[0].length;
/** What may follow `[DONE]`: a moment, in which the server ends its answer. */
const farewellMs = 1_000;

/**
 * The same response with another `body`: the SDK needs nothing of it but its pieces, and a stream around the stream
 * costs more than reading it. Once `[DONE]` has come the rest is read, not cut off: a connection that is cut off is lost
 * for the next call, with its handshakes.
 */
export function watch(
  clock: Pick<ClockPort, 'after'>,
  response: Response,
  onBytes: (bytes: number) => void,
): Watched {
  const reader = response.body?.getReader();
  let tail = '\n';
  let done = false;
  if (reader !== undefined) Object.defineProperty(response, 'body', { value: pieces(reader) });
  return { response, sawDone: () => done };

  function pieces(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncIterableIterator<Uint8Array> {
    const iterator: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        const piece = await reader.read();
        if (piece.done) return { done: true, value: undefined };
        look(piece.value);
        return { done: false, value: piece.value };
      },
      return: async () => {
        if (done) void readOut(clock, reader);
        else await reader.cancel();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  function look(piece: Uint8Array): void {
    onBytes(piece.byteLength);
    // Latin-1 keeps one character a byte, which is all that finding an ASCII mark needs.
    const text = tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    done ||= marks.some((mark) => text.includes(mark));
    tail = text.slice(-longestMark);
  }
}

/** Never rejects: the answer is complete, whatever becomes of its connection. */
async function readOut(
  clock: Pick<ClockPort, 'after'>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<void> {
  // What is cancelled ends for its reader too.
  const stop = clock.after(farewellMs, () => void reader.cancel().catch(() => undefined));
  try {
    for (;;) if ((await reader.read()).done) return;
  } catch {
    // It broke off behind its end.
  } finally {
    stop();
  }
}
