/** Passes bytes on; the reader gets `error` instead of what is over the limit. */
export function limitBytes(most: number, error: Error): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(piece, controller) {
      seen += piece.byteLength;
      if (seen > most) controller.error(error);
      else controller.enqueue(piece);
    },
  });
}
