import { createHmac } from 'node:crypto';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import { createBatches } from '#lib/flow/batches.ts';
import { isSameSecret } from '#lib/hash.ts';
import { type Hook, answerHook } from '#lib/net/hook.ts';
import { parseJson } from '#lib/read/json.ts';
import { type Heard, parseWebhook } from './parse.ts';
import type { Reports } from './reports.ts';
import type { CloudSettings } from './settings.ts';

/** POST → signed with the app secret → events and reports → committed → 200. Meta tries again on every other status. */
export interface Door {
  /** Until then, and after `close`, Meta is told to come again. */
  open(sink: SinkPort): void;
  close(): void;
  handle(request: Request): Promise<Response>;
}

export interface DoorDeps extends Pick<AdapterDeps, 'clock' | 'log'> {
  readonly reports: Reports;
  /** Told of what was committed. */
  readonly onHeard: (events: Heard['events']) => void;
}

/** Meta posts up to 3 MB. */
export const bodyLimitBytes = 4 * 1024 * 1024;
const mostAtOnce = 100;

export function createDoor(deps: DoorDeps, settings: CloudSettings): Door {
  const { clock, log, reports } = deps;
  const { phoneNumberId, appSecret, verifyToken } = settings;
  let sink: SinkPort | null = null;
  const batches = createBatches<Heard>({ run: store, isHeld: () => false, most: mostAtOnce });
  const hook: Hook = {
    maxBytes: bodyLimitBytes,
    isGenuine: (headers, body) => {
      const mac = createHmac('sha256', appSecret).update(body).digest('hex');
      return isSameSecret(headers.get('x-hub-signature-256') ?? '', `sha256=${mac}`);
    },
    take,
    onRefused: (error) => log.error('event.refused', { channel: 'whatsapp', why: messageOf(error) }),
  };
  return {
    open: (given) => void (sink = given),
    close: () => void (sink = null),
    handle: async (request) =>
      request.method === 'GET' ? verified(new URL(request.url).searchParams) : answerHook(request, hook),
  };

  /** Meta asks once, when the address is set. */
  function verified(asked: URLSearchParams): Response {
    const isMeta = isSameSecret(asked.get('hub.verify_token') ?? '', verifyToken);
    const challenge = asked.get('hub.challenge') ?? '';
    if (!isMeta || asked.get('hub.mode') !== 'subscribe' || !/^[\w.-]{1,256}$/.test(challenge))
      return new Response(null, { status: 403 });
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    return new Response(challenge, { headers });
  }

  async function take(text: string): Promise<null> {
    const reader = { phoneNumberId, now: clock.now(), deliveryOf: reports.deliveryOf };
    await batches.add(parseWebhook(parseJson(text), reader));
    return null;
  }

  async function store(heard: readonly Heard[]): Promise<void> {
    if (sink === null) throw new Error('not started');
    const events = heard.flatMap((one) => one.events);
    if (events.length > 0) await sink.accept(events);
    await reports.note(heard.flatMap((one) => one.reports));
    deps.onHeard(events);
    for (const odd of heard.flatMap((one) => one.odd))
      log.warn('event.skipped', { channel: 'whatsapp', ...odd });
  }
}
