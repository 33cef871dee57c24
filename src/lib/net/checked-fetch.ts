import type { Clock } from '../clock.ts';

type Fetch = typeof globalThis.fetch;
type Dispatcher = NonNullable<RequestInit['dispatcher']>;
type Handler = Parameters<Dispatcher['dispatch']>[1];

/** Less than another process needs to take over, ask a model and answer. */
const checkHoldsMs = 100;
/** Where Node's own fetch keeps what carries its requests out (undici's global dispatcher). */
const home = Symbol.for('undici.globalDispatcher.1');

/**
 * check → connection → the whole request. If its check does not hold any more when the request is about to go, nothing of
 * it is sent: it is checked again. Between the two a connection is made, and the whole process may be stopped and
 * woken much later, when what it was about to ask or say has long been asked or said by another.
 *
 * Contract: as fetch; rejects with what `check` throws. Each further check holds twice as long, so a slow network gets
 * through. A body that is a stream can be sent only once: then the first check holds for ever. Any other is sent in one piece.
 */
export function createCheckedFetch(clock: Pick<Clock, 'elapsed'>, check: () => Promise<void>): Fetch {
  return async (input, init) => {
    const isStream = init?.body instanceof ReadableStream || input instanceof Request;
    for (let limitMs = checkHoldsMs; ; limitMs *= 2) {
      // Before the question: its answer may be from before the stop.
      const checkedAt = clock.elapsed();
      await check();
      if (isStream) return await fetch(input, init);
      const moment = lastMoment(() => clock.elapsed() - checkedAt > limitMs);
      try {
        return await fetch(input, { ...init, ...moment.options });
      } catch (error) {
        if (!moment.isMissed()) throw error;
      }
    }
  };
}

/** A request that is called off when `isLate` says so right before its first byte; then it was missed. */
function lastMoment(isLate: () => boolean): {
  readonly options: { readonly dispatcher?: Dispatcher };
  isMissed(): boolean;
} {
  // Node loads its fetch by the first use of one of its globals.
  const carrier: unknown = globalThis.Headers === undefined ? undefined : Reflect.get(globalThis, home);
  if (!isDispatcher(carrier)) return { options: {}, isMissed: () => false };
  let missed = false;
  const dispatch: Dispatcher['dispatch'] = (options, handler) => {
    if (!isPieces(options.body)) return carrier.dispatch(options, guarded(handler));
    // fetch hands a body over piece by piece, behind the head. In one piece it goes with the head, at once.
    whole(options.body).then(
      (body) => carrier.dispatch({ ...options, body }, guarded(handler)),
      (error: unknown) => handler.onError?.(error instanceof Error ? error : new Error(String(error))),
    );
    return true;
  };
  const dispatcher: Dispatcher = Object.create(carrier, { dispatch: { value: dispatch } });
  return { options: { dispatcher }, isMissed: () => missed };

  function guarded(handler: Handler): Handler {
    const connected: unknown = Reflect.get(handler, 'onConnect');
    if (typeof connected !== 'function') return handler;
    const guard: Handler = Object.create(handler, {
      onConnect: {
        value: (...args: readonly unknown[]): unknown => {
          missed = isLate();
          // A throw here ends the request and leaves its connection to the next one.
          if (missed) throw new Error('The moment for this request was over.');
          return Reflect.apply(connected, guard, args);
        },
      },
    });
    return guard;
  }
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function isPieces(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'dispatch') === 'function';
}
