import type { OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import type { PlatformDeps } from '#core/ports/adapter.ts';
import { bornAt } from '#lib/ids.ts';
import { howItBroke } from '#lib/net/broken.ts';
import { within } from '#lib/net/within.ts';
import { callbackHeader } from './parse.ts';
import type { Endpoint } from './settings.ts';
import { signStandard } from './sign.ts';

type Callback = Extract<Endpoint['replyTo'], { readonly type: 'url' }>;

const timeoutMs = 30_000;
const pauseMs = 5_000;

/**
 * One delivery → one signed POST to the endpoint's URL, with the delivery's id as the key under which the receiver drops
 * what it has. The URL stands in config, so it may be an inner one; where it leads is not followed.
 */
export function createSend(
  deps: Pick<PlatformDeps, 'clock' | 'fetch'>,
  endpoints: readonly Endpoint[],
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<SendResult> {
  return async (delivery, signal) => {
    const endpoint = endpoints.find(({ name }) => name === delivery.address.chat);
    if (endpoint?.replyTo.type !== 'url') return failed('permanent', unknownEndpoint(delivery.address.chat));
    if (delivery.body.kind !== 'message')
      return failed('permanent', `a call-back has no ${delivery.body.kind}`);
    if (signal.aborted) return failed('transient', 'it was stopped before it began');
    const { replyTo } = endpoint;
    try {
      const limit = { clock: deps.clock, ms: timeoutMs, signal };
      return await within(limit, (both) => post({ ...deps, replyTo }, delivery, both));
    } catch (error) {
      const { left, why } = howItBroke(error, hostOf(replyTo), signal);
      return failed(left ? 'unknown' : 'transient', why);
    }
  };
}

async function post(
  { clock, fetch, replyTo }: Pick<PlatformDeps, 'clock' | 'fetch'> & { readonly replyTo: Callback },
  delivery: OutboundDelivery,
  signal: AbortSignal,
): Promise<SendResult> {
  const body = bodyOf(delivery);
  const seconds = Math.floor(clock.now() / 1_000);
  const response = await fetch(replyTo.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Tiro',
      'idempotency-key': delivery.id,
      'webhook-id': delivery.id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signStandard(replyTo.key, { id: delivery.id, seconds, body }),
      [callbackHeader]: '1',
    },
    body,
    redirect: 'manual',
    signal,
  });
  // What it says is for nobody, and may be endless.
  await response.body?.cancel();
  if (response.ok) return { ok: true, platformId: delivery.id };
  return { ok: false, error: errorOf(response, hostOf(replyTo)) };
}

/** The same bytes with every try. */
function bodyOf({ id, address, body }: OutboundDelivery): string {
  const { chat: endpoint, thread } = address;
  const createdAt = bornAt(id);
  const { text, markdown } = body.kind === 'message' ? body : { text: '', markdown: '' };
  return JSON.stringify({
    type: 'message',
    endpoint,
    event: `${endpoint}/${thread ?? ''}`,
    delivery: id,
    createdAt: createdAt === null ? null : new Date(createdAt).toISOString(),
    text,
    markdown,
  });
}

function errorOf({ status, headers }: Response, host: string): SendError {
  const reason = `${host} answered ${status}`;
  const retryAfterMs = pauseIn(headers.get('retry-after'));
  if (status === 429 || (status === 503 && retryAfterMs !== null))
    return { type: 'rate-limited', retryAfterMs: retryAfterMs ?? pauseMs, reason };
  if (status >= 500) return { type: 'unknown', reason };
  if (status === 408 || status === 425) return { type: 'transient', reason };
  if (status >= 400) return { type: 'permanent', reason };
  const redirect = 'redirects are not followed: give the address where it leads as url';
  return { type: 'permanent', reason: `${reason}; ${redirect}` };
}

/** Seconds; null for anything else, a date too. */
function pauseIn(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Math.max(1, Number(text)) * 1_000 : null;
}

function unknownEndpoint(name: string): string {
  return `channels.webhook has no endpoint ${name} that calls back any more`;
}

/** Without the path, which may hold a key. */
function hostOf({ url }: Callback): string {
  return new URL(url).host;
}

function failed(type: 'permanent' | 'transient' | 'unknown', reason: string): SendResult {
  return { ok: false, error: { type, reason } };
}
