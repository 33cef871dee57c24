import { z } from 'zod';
import type { InboundEvent } from '#core/event.ts';

const messageSchema = z.object({
  id: z.string().min(1).max(100),
  at: z.int().nonnegative(),
  chat: z.string().min(1).max(100),
  group: z.boolean(),
  from: z.object({ id: z.string().min(1).max(100), name: z.string().max(100), bot: z.boolean() }),
  text: z.string(),
});

/** Payload → event; null: it is not for us. */
export function parsePayload(payload: unknown): InboundEvent | null {
  const parsed = messageSchema.safeParse(payload);
  if (!parsed.success || parsed.data.from.bot) return null;
  const { id, at, chat, group, from, text } = parsed.data;
  const named = /^@toy\s+/.exec(text);
  return {
    platformId: id,
    kind: 'message',
    chat: { channel: 'toy', chat, thread: null },
    direct: !group,
    sender: { id: from.id, name: from.name },
    addressed: !group || named !== null,
    text: named === null ? text : text.slice(named[0].length),
    files: [],
    messageId: id,
    replyTo: null,
    sentAt: at,
    raw: JSON.stringify(payload),
  };
}
