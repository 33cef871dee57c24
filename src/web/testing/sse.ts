/** One event of a stream as it came over the wire. */
export interface WireEvent {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly comment: string | null;
}

export interface SseReader {
  /** The next block; null at the end of the stream. */
  next(): Promise<WireEvent | null>;
  /** The next block that has data, parsed. */
  nextData(): Promise<{ readonly id: string | null; readonly event: string | null; readonly data: unknown }>;
  cancel(): Promise<void>;
}

/** Reads server-sent events block by block, so that a test can stop between any two. */
export function readSse(body: ReadableStream<Uint8Array> | null): SseReader {
  if (body === null) throw new Error('a stream was expected');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  return { next, nextData, cancel: () => reader.cancel() };

  async function next(): Promise<WireEvent | null> {
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end !== -1) {
        const block = rest.slice(0, end);
        rest = rest.slice(end + 2);
        return parseBlock(block);
      }
      const { done, value } = await reader.read();
      if (done) return null;
      rest += decoder.decode(value, { stream: true });
    }
  }

  async function nextData(): Promise<{ id: string | null; event: string | null; data: unknown }> {
    for (;;) {
      const block = await next();
      if (block === null) throw new Error('the stream ended');
      const { id, event, data } = block;
      if (data !== null) return { id, event, data: JSON.parse(data) };
    }
  }
}

function parseBlock(block: string): WireEvent {
  const field = (name: string): string | null => {
    const line = block.split('\n').find((each) => each.startsWith(`${name}:`));
    return line === undefined ? null : line.slice(name.length + 1).trim();
  };
  return { id: field('id'), event: field('event'), data: field('data'), comment: field('') };
}
