import { TiroError, messageOf } from '#core/errors.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import { type Hook, answerHook } from '#lib/net/hook.ts';
import { createAllowance } from './allowance.ts';
import { type Heard, parseRequest } from './parse.ts';
import type { Endpoint } from './settings.ts';
import { isSigned } from './sign.ts';

/** What came in since the start, for doctor. */
export interface Seen {
  readonly lastAt: number | null;
  readonly refused: number;
}

const notes = {
  loop: 'This is an answer of a Tiro gateway: it starts nothing here.',
  ping: 'The signature is right. A ping starts nothing.',
} as const;

/** One door for each endpoint, by its name. */
export interface Doors {
  handle(request: Request): Promise<Response>;
  seen(name: string): Seen;
}

export const bodyLimitBytes = 1_048_576;
/** Strangers may knock as often as they like: the log hears of them once a minute. */
const tellEveryMs = 60_000;

/**
 * bytes → signature → allowance → content → `sink.accept` → committed → 200. The signature comes first, so what has none
 * costs its sender's allowance nothing; the same event again is stored once and answered 200. 429 only before storing.
 */
export function createDoors(
  deps: AdapterDeps,
  endpoints: readonly Endpoint[],
  sink: () => SinkPort | null,
): Doors {
  const doors = new Map(endpoints.map((endpoint) => [endpoint.name, createDoor(deps, endpoint, sink)]));
  return {
    handle: async (request) => {
      const [, name = ''] = /^\/hooks\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
      return doors.get(name)?.handle(request) ?? new Response(null, { status: 404 });
    },
    seen: (name) => doors.get(name)?.seen() ?? { lastAt: null, refused: 0 },
  };
}

function createDoor(
  deps: AdapterDeps,
  endpoint: Endpoint,
  sink: () => SinkPort | null,
): { handle(request: Request): Promise<Response>; seen(): Seen } {
  const [{ clock, log }, { name }] = [deps, endpoint];
  const allowance = createAllowance(clock, endpoint.perMinute);
  const refusals = createRefusals(deps, name);
  let lastAt: number | null = null;
  return {
    seen: () => ({ lastAt, refused: refusals.count() }),
    handle: (request) => answerHook(request, hookFor(request.headers)),
  };

  function hookFor(headers: Headers): Hook {
    return {
      maxBytes: bodyLimitBytes,
      isGenuine: (_, body) => {
        const isGenuine = isSigned(endpoint, { headers, body }, clock.now());
        if (!isGenuine) refusals.add();
        return isGenuine;
      },
      take: (_, body) => take(headers, body),
      onRefused: (error) =>
        log.error('event.refused', { channel: 'webhook', endpoint: name, why: messageOf(error) }),
    };
  }

  async function take(headers: Headers, body: Uint8Array): Promise<Response> {
    const heard = parseRequest(endpoint, { headers, body }, clock.now());
    if (heard.type === 'noted') return note(heard.what);
    const waitMs = allowance.take();
    if (waitMs > 0) return wait(waitMs);
    if (heard.type === 'unreadable') return explain(heard);
    const open = sink();
    if (open === null) throw new TiroError('unavailable', 'The channel has not started yet.');
    await open.accept([heard.event]);
    lastAt = clock.now();
    return Response.json({ event: heard.event.platformId });
  }

  function note(what: keyof typeof notes): Response {
    log.info(`webhook.${what}`, { channel: 'webhook', endpoint: name });
    return Response.json({ note: notes[what] });
  }

  function explain({ status, why }: Extract<Heard, { type: 'unreadable' }>): Response {
    log.warn('event.skipped', { channel: 'webhook', endpoint: name, why });
    return problem(status, 'bad-input', why);
  }
}

/** Counts what was not signed, and tells the log at most once a minute. */
function createRefusals({ clock, log }: AdapterDeps, endpoint: string): { add(): void; count(): number } {
  let [all, told, toldAt] = [0, 0, Number.NEGATIVE_INFINITY];
  return {
    count: () => all,
    add: () => {
      all += 1;
      if (clock.elapsed() - toldAt < tellEveryMs) return;
      log.warn('webhook.unsigned', { channel: 'webhook', endpoint, requests: all - told });
      [told, toldAt] = [all, clock.elapsed()];
    },
  };
}

function wait(ms: number): Response {
  const message = 'This endpoint was called too often in the last minute.';
  const answer = problem(429, 'rate-limited', message);
  answer.headers.set('retry-after', String(Math.ceil(ms / 1_000)));
  return answer;
}

function problem(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
