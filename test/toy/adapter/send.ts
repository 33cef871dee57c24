import { z } from 'zod';
import type { OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import type { Call, Failure } from './client.ts';

const sentSchema = z.object({ id: z.string() });

/** One delivery → one call. The delivery's id is the key under which the toy drops what it has already. */
export async function send(
  call: Call,
  { id, address, body, targetPlatformId }: OutboundDelivery,
  signal: AbortSignal,
): Promise<SendResult> {
  if (body.kind !== 'message' && body.kind !== 'edit') {
    return { ok: false, error: { type: 'permanent', reason: `the toy has no ${body.kind}` } };
  }
  const [path, key] = body.kind === 'edit' ? ['/edit', targetPlatformId ?? id] : ['/send', id];
  const answer = await call(path, { key, chat: address.chat, text: body.text }, signal);
  if (!answer.ok) return { ok: false, error: errorOf(answer.failure) };
  const sent = sentSchema.safeParse(answer.value);
  if (sent.success) return { ok: true, platformId: sent.data.id };
  return { ok: false, error: { type: 'unknown', reason: 'the toy answered without an id' } };
}

function errorOf({ code, why: reason, retryAfterMs }: Failure): SendError {
  if (code === 429) return { type: 'rate-limited', retryAfterMs, reason };
  if (code === 'lost') return { type: 'unknown', reason };
  return { type: code === 'not-sent' || code >= 500 ? 'transient' : 'permanent', reason };
}
