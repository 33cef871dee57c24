import { z } from 'zod';
import type { ChatAddress, ChatKey } from './address.ts';
import type { ConversationId, DeliveryId, TurnId } from './ids.ts';

/** A button under a message. `value` comes back as the text of a `button` event: at most 64 bytes. */
export const buttonSchema = z.object({ label: z.string(), value: z.string().max(64) });
export type Button = Readonly<z.infer<typeof buttonSchema>>;

/** What one platform call says. `markdown` is the source; `text` is it rendered in `dialect`, never over the limit. */
export const deliveryBodySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('message'),
    markdown: z.string(),
    text: z.string(),
    dialect: z.string(),
    replyTo: z.string().nullable(),
    buttons: z.array(buttonSchema),
  }),
  /** Replaces the text of an earlier delivery of ours. Idempotent: "not modified" is success. */
  z.object({
    kind: z.literal('edit'),
    target: z.string(),
    markdown: z.string(),
    text: z.string(),
    dialect: z.string(),
    buttons: z.array(buttonSchema),
  }),
  z.object({ kind: z.literal('delete'), target: z.string() }),
  z.object({ kind: z.literal('reaction'), messageId: z.string(), emoji: z.string() }),
  /** `path` is a file of the home folder: relative to it in a row, absolute for the adapter, which streams it. */
  z.object({
    kind: z.literal('file'),
    path: z.string(),
    name: z.string(),
    mime: z.string(),
    caption: z.string(),
  }),
]);
export type DeliveryBody = Readonly<z.infer<typeof deliveryBodySchema>>;

/**
 * queued → sending (committed before the call) → sent | queued (again at dueAt) | dead | cancelled.
 * `sending` with an older epoch was interrupted in mid-call: `sendSemantics` decides.
 */
export type DeliveryStatus = 'queued' | 'sending' | 'sent' | 'dead' | 'cancelled';

/** A row to be put into the outbox. `key` makes the insert idempotent: a second one with the same key is dropped. */
export interface NewDelivery {
  readonly id: DeliveryId;
  readonly key: string;
  readonly chat: ChatKey;
  readonly body: DeliveryBody;
  /** A preview is shown while the model still writes; the final text is an edit of it. */
  readonly preview: boolean;
}

export interface Delivery extends NewDelivery {
  readonly turn: TurnId | null;
  readonly conversation: ConversationId | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly dueAt: number;
  readonly createdAt: number;
  readonly sentAt: number | null;
  /** The platform's id of the message, once it is sent. */
  readonly platformId: string | null;
  /** For edit and delete: the platform's id of the target, filled in when the row is claimed. */
  readonly targetPlatformId: string | null;
  /** It may have been shown twice; its text, and every later edit of it, ends with `(possibly repeated)`. */
  readonly repeated: boolean;
  readonly reason: string | null;
}

/** How a platform absorbs a send whose answer was lost. */
export type SendSemantics = 'idempotent' | 'reconcilable' | 'blind';

/** What a platform can do, as data: the kernel reads it, adapters do not branch for it. */
export interface Abilities {
  /** Dialects of src/render in order of preference; the last one is `plain`. */
  readonly dialects: readonly [string, ...string[]];
  /** Longest text of one message, in `countedAs` units, after rendering. */
  readonly maxText: number;
  /** The same for dialects that have a limit of their own. Absent: `maxText` holds for all. */
  readonly maxTextByDialect?: Readonly<Record<string, number>>;
  readonly countedAs: 'utf16' | 'codepoints' | 'bytes';
  /**
   * push: the outbox calls `send`. pull: readers fetch the rows themselves (web page, CLI, API), so nothing is queued.
   */
  readonly delivery: 'push' | 'pull';
  readonly edits: boolean;
  /** In direct chats a running answer is shown by `draft`, not by a preview that is edited. */
  readonly drafts: boolean;
  readonly typing: boolean;
  readonly buttons: boolean;
  readonly threads: boolean;
  readonly reactions: boolean;
  /** Null: it takes no files from us. */
  readonly files: { readonly maxBytes: number } | null;
  readonly sendSemantics: SendSemantics;
  /** Fewest milliseconds between two edits of one message, and between two sends to one chat. */
  readonly editEveryMs: number;
  readonly sendEveryMs: number;
  /** Messages that come quickly after each other may be answered together. False where each asks for its own answer. */
  readonly coalesce: boolean;
  /** Programs talk there and nobody reads along: what Tiro has to tell a person is never said there. */
  readonly unattended?: boolean;
}

export type SendError =
  | { readonly type: 'rate-limited'; readonly retryAfterMs: number; readonly reason: string }
  /** transient: surely not accepted. unknown: the request left and no answer was read. */
  | { readonly type: 'transient' | 'permanent' | 'format-refused' | 'unknown'; readonly reason: string };

export type SendResult =
  | { readonly ok: true; readonly platformId: string }
  | { readonly ok: false; readonly error: SendError };

/** What the kernel hands over to a platform: one call. */
export interface OutboundDelivery {
  readonly id: DeliveryId;
  readonly address: ChatAddress;
  readonly body: DeliveryBody;
  readonly targetPlatformId: string | null;
}
