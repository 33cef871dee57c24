import type { AdapterPort } from '#core/ports/adapter.ts';
import type { WebDeps } from '../deps.ts';
import { mebibyte, readBytesUntil } from './body.ts';
import { type Problem, httpProblem, problemBody } from './problem.ts';

/** A door under /hooks/. */
export interface Hook {
  /** Largest body that is read at all; the adapter checks signature and content. */
  readonly maxBytes: number;
  handle(request: Request): Promise<Response>;
}

/** Who answers /hooks/<name>: the channels that take webhooks, by name. */
export function hooksOf(
  adapters: readonly Pick<AdapterPort, 'name' | 'handle' | 'hooks'>[],
): ReadonlyMap<string, Hook> {
  return new Map(
    adapters.flatMap(({ name, handle, hooks }) => {
      if (handle === undefined) return [];
      const { names, maxBytes } = hooks ?? { names: [name], maxBytes: 4 * mebibyte };
      return names.map((one): [string, Hook] => [one, { maxBytes, handle }]);
    }),
  );
}

/** A platform sends its few kilobytes at once. Whoever drips is not one, and may not keep the others out. */
const bodyWithinMs = 10_000;
const mostAtOnce = 32;
/** Of all bodies that come in at one door. */
const roomBytes = 32 * mebibyte;
const hurriesMs = 1_000;
const tooSlow: Problem = { status: 408, code: 'too-slow', message: 'The body did not come in time.' };
const methods = new Set(['GET', 'HEAD', 'POST']);
/** Some of the others cannot even be handed on. */
const otherMethod: Problem = {
  status: 405,
  code: 'bad-input',
  message: 'Only GET, HEAD and POST come in here.',
};
const busy: Problem = { status: 503, code: 'busy', message: 'Too many bodies come in at this door.' };

/**
 * name → room to read → body within size and time → the adapter, which checks the signature. Before that nothing is
 * parsed, and who calls is a stranger: it gets 404, 405, 413, 408 (too slow; the connection is closed) or 503 (too many at
 * once), and costs no more than one body's memory for some seconds. A full door lets its slowest go for a new one.
 */
export function createHookDoors({
  hooks,
  clock,
}: Pick<WebDeps, 'hooks' | 'clock'>): (name: string, request: Request) => Promise<Response> {
  // By construction no larger than the doors there are: nothing is kept by who calls.
  const readingByName = new Map(
    [...hooks].map(([name, { maxBytes }]) => [name, createReading(clock, Math.ceil(roomBytes / maxBytes))]),
  );
  return async (name, request) => {
    const [hook, reading] = [hooks.get(name), readingByName.get(name)];
    if (hook === undefined || reading === undefined)
      throw httpProblem('not-found', 'No channel takes webhooks under this name.');
    const { method } = request;
    if (!methods.has(method)) return refusal(otherMethod, { allow: [...methods].join(', ') });
    const headers = new Headers(request.headers);
    const url = plainUrl(name, request);
    if (method === 'GET' || method === 'HEAD') return hook.handle(new Request(url, { method, headers }));
    const body = await reading.read(request, hook.maxBytes);
    if (body instanceof Response) return body;
    return hook.handle(new Request(url, { method, headers, body }));
  };
}

/** However the path was written: adapters see the one that is theirs. */
function plainUrl(name: string, request: Request): URL {
  const url = new URL(request.url);
  url.pathname = `/hooks/${name}`;
  return url;
}

interface Reader {
  readonly since: number;
  readonly cut: AbortController;
}

/** The bodies that are being read at one door. */
function createReading(
  clock: WebDeps['clock'],
  places: number,
): {
  /** The bytes, or why there are none. Throws `too-large`, and `bad-input` where the body breaks off. */
  read(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Response>;
} {
  const readers = new Set<Reader>();
  return { read };

  async function read(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Response> {
    if (readers.size >= Math.min(places, mostAtOnce) && !makeRoom())
      return refusal(busy, { 'retry-after': '1' });
    const reader = { since: clock.elapsed(), cut: new AbortController() };
    readers.add(reader);
    const cancel = clock.after(bodyWithinMs, () => reader.cut.abort());
    try {
      return await readBytesUntil(reader.cut.signal, request, maxBytes);
    } catch (error) {
      if (reader.cut.signal.aborted) return refusal(tooSlow);
      throw error;
    } finally {
      cancel();
      readers.delete(reader);
    }
  }

  function makeRoom(): boolean {
    const [slowest] = readers;
    if (slowest === undefined || clock.elapsed() - slowest.since < hurriesMs) return false;
    readers.delete(slowest);
    slowest.cut.abort();
    return true;
  }
}

/** What is left of the body is not read: the connection is of no more use. */
function refusal(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const init = { status: problem.status, headers: { connection: 'close', ...headers } };
  return Response.json(problemBody(problem), init);
}
