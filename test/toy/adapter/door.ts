import type { LogPort } from '#core/ports/clock.ts';
import type { SinkPort } from '#core/ports/adapter.ts';
import { messageOf } from '#core/errors.ts';
import { isSameSecret } from '#lib/hash.ts';
import { type Hook, answerHook } from '#lib/net/hook.ts';
import { parseJson } from '#lib/read/json.ts';
import { parsePayload } from './parse.ts';

/** POST /hooks/toy: one payload, with the secret in `x-toy-secret`. 2xx only after it was committed. */
export function createDoor(
  deps: { readonly log: LogPort },
  secret: string | null,
): {
  open(sink: SinkPort): void;
  handle(request: Request): Promise<Response>;
} {
  let sink: SinkPort | null = null;
  const hook: Hook = {
    maxBytes: 65_536,
    isGenuine: (headers) => secret !== null && isSameSecret(headers.get('x-toy-secret') ?? '', secret),
    take: async (body) => {
      if (sink === null) throw new Error('not started');
      const event = parsePayload(parseJson(body));
      await sink.accept(event === null ? [] : [event]);
      return null;
    },
    onRefused: (error) => deps.log.error('event.refused', { channel: 'toy', why: messageOf(error) }),
  };
  return {
    open: (given) => {
      sink = given;
    },
    handle: (request) => answerHook(request, hook),
  };
}
