import { z } from 'zod';
import type { ChatKey, Identity } from './address.ts';
import type { ConversationId, EventId, TurnId } from './ids.ts';
import type { Role } from './person.ts';

/** Ids become parts of keys: text that cannot be encoded (a lone surrogate) is refused here, not deep inside. */
const platformIdSchema = z
  .string()
  .min(1)
  .max(512)
  .refine((id) => id.isWellFormed(), 'must be well-formed text');

const chatAddressSchema = z.object({
  channel: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  chat: platformIdSchema,
  thread: platformIdSchema.nullable(),
});

/**
 * A file as the platform names it; the bytes are fetched only after the sender is authorised. `id` is all that the
 * adapter needs to find it again, days later too: never a link that expires.
 */
export const fileRefSchema = z.object({
  id: z.string().min(1),
  kind: z.enum(['image', 'document', 'audio', 'video']),
  name: z.string().max(255),
  mime: z.string().max(127),
  bytes: z.number().int().nonnegative().nullable(),
});
export type FileRef = Readonly<z.infer<typeof fileRefSchema>>;

/**
 * What an adapter hands to the inbox: one thing that somebody did on a platform.
 * `platformId` is the dedupe key within the channel: the same delivery, seen again, carries the same one.
 */
export const inboundEventSchema = z.object({
  platformId: platformIdSchema,
  /**
   * `edit` and `deletion` are about the message `messageId`; a deletion says nothing, and its sender may be unknown.
   * `undelivered`: the platform took a delivery of ours and says now that it could not bring it; `messageId` is the id of
   * the delivery, `text` says why.
   */
  kind: z.enum(['message', 'edit', 'deletion', 'button', 'reaction', 'undelivered']),
  chat: chatAddressSchema,
  direct: z.boolean(),
  sender: z.object({ id: platformIdSchema, name: z.string().max(256) }),
  /** The text is meant for the bot: always in a direct chat; in a group when it is mentioned or replied to. */
  addressed: z.boolean(),
  /** What was said. Somebody else's words, passed on, begin with `[forwarded] `: they are never a command. What it answers may stand behind it (inbound/quote.ts). */
  text: z.string(),
  files: z.array(fileRefSchema).max(20),
  /** The platform's id of this message and of the one it answers, where there are such ids. */
  messageId: z.string().nullable(),
  replyTo: z.string().nullable(),
  /**
   * Why nobody may be answered, whoever the sender says to be: it is not proven who it was, or a machine wrote it. Such
   * an event is kept as refused with this reason and without its content, and nobody hears of it.
   */
  doubt: z.string().max(500).optional(),
  /** The owner configured this very sender, and it has proven to be it: a guest where `people` does not name it. */
  vouched: z.boolean().optional(),
  /** When the platform says it was said. */
  sentAt: z.number().int().nonnegative(),
  /** The platform's envelope as JSON text, kept for replay, keys in it emptied (lib/read/json.ts); never shown to the model. */
  raw: z.string(),
});
export type InboundEvent = Readonly<z.infer<typeof inboundEventSchema>>;

/**
 * queued → running → done | dead; queued → stale (asked about) → queued | done; refused and withdrawn are ends.
 * A `decision` event is ours: the answer to an approval, put at the head of its conversation's queue.
 */
export type EventStatus = 'queued' | 'running' | 'done' | 'dead' | 'stale' | 'refused' | 'withdrawn';

export type EventLane = 'turn' | 'command' | 'none';

/** A stored event. `seq` is the order of arrival over all channels. */
export interface StoredEvent {
  readonly id: EventId;
  readonly seq: number;
  readonly channel: string;
  readonly platformId: string;
  readonly kind: InboundEvent['kind'] | 'decision';
  readonly lane: EventLane;
  readonly chat: ChatKey;
  readonly conversation: ConversationId | null;
  readonly person: string | null;
  readonly role: Role | null;
  /** Who sent it, by the platform's stable id; `tiro:…` for events of our own. */
  readonly identity: Identity;
  readonly name: string;
  readonly text: string;
  readonly files: readonly FileRef[];
  readonly messageId: string | null;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly status: EventStatus;
  readonly turn: TurnId | null;
  readonly reason: string | null;
}
