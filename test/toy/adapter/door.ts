import { timingSafeEqual } from 'node:crypto';
import type { SinkPort } from '#core/ports/adapter.ts';
import { parsePayload } from './parse.ts';

/** POST /hooks/toy: one payload, with the secret in `x-toy-secret`. 2xx only after it was committed. */
export function createDoor(secret: string | null): {
  open(sink: SinkPort): void;
  handle(request: Request): Promise<Response>;
} {
  let sink: SinkPort | null = null;
  return {
    open: (given) => {
      sink = given;
    },
    handle: async (request) => {
      const given = Buffer.from(request.headers.get('x-toy-secret') ?? '');
      const wanted = Buffer.from(secret ?? '');
      const isRight = secret !== null && given.length === wanted.length && timingSafeEqual(given, wanted);
      if (!isRight) return new Response('forbidden', { status: 403 });
      if (sink === null) return new Response('not started', { status: 503 });
      const event = parsePayload(await request.json());
      await sink.accept(event === null ? [] : [event]);
      return new Response('ok');
    },
  };
}
