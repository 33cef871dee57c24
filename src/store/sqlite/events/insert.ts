import type { ChatKey, Identity } from '#core/address.ts';
import type { EventLane, EventStatus, FileRef, StoredEvent } from '#core/event.ts';
import type { ConversationId, EventId } from '#core/ids.ts';
import type { Role } from '#core/person.ts';
import { type Session, flag } from '../session.ts';

export interface NewEvent {
  readonly id: EventId;
  readonly channel: string;
  readonly platformId: string;
  readonly kind: StoredEvent['kind'];
  readonly lane: EventLane;
  readonly chat: ChatKey;
  readonly direct: boolean;
  readonly conversation: ConversationId | null;
  readonly person: string | null;
  readonly role: Role | null;
  readonly identity: Identity;
  readonly name: string;
  readonly text: string;
  readonly files: readonly FileRef[];
  readonly messageId: string | null;
  readonly replyTo: string | null;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly coalesce: boolean;
  readonly status: EventStatus;
  readonly approval: number | null;
  readonly reason: string | null;
  readonly raw: string;
}

/** Stores one event as it stands; the caller has made sure that (channel, platformId) is new. */
export function insertEvent(session: Session, event: NewEvent): void {
  const { files, direct, coalesce, kind, ...plain } = event;
  session.run(
    `INSERT INTO events (id, channel, platform_id, kind, lane, rank, chat, direct, conversation, person, role, identity,
       name, text, files, message_id, reply_to, sent_at, received_at, coalesce, status, approval, reason, raw)
     VALUES (@id, @channel, @platformId, @kind, @lane, @rank, @chat, @direct, @conversation, @person, @role, @identity,
       @name, @text, @files, @messageId, @replyTo, @sentAt, @receivedAt, @coalesce, @status, @approval, @reason, @raw)`,
    {
      ...plain,
      kind,
      rank: kind === 'decision' ? 0 : 1,
      files: JSON.stringify(files),
      direct: flag(direct),
      coalesce: flag(coalesce),
    },
  );
}
