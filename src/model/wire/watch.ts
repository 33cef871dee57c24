/** A body whose bytes are counted as they pass, and which remembers whether its last event was `[DONE]`. */
export interface Watched {
  readonly response: Response;
  sawDone(): boolean;
}

const marks = ['\ndata: [DONE]', '\ndata:[DONE]'] as const;
const longestMark = marks[0].length;

export function watch(response: Response, onBytes: (bytes: number) => void): Watched {
  let tail = '\n';
  let done = false;
  const look = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, controller) => {
      onBytes(piece.byteLength);
      // Latin-1 keeps one character a byte, which is all that finding an ASCII mark needs.
      const text = tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
      done ||= marks.some((mark) => text.includes(mark));
      tail = text.slice(-longestMark);
      controller.enqueue(piece);
    },
  });
  const body = response.body?.pipeThrough(look) ?? null;
  return {
    response: new Response(body, { status: response.status, headers: response.headers }),
    sawDone: () => done,
  };
}
