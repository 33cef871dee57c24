import { type ChatKey, identityOf } from '#core/address.ts';
import type { EventLane, EventStatus } from '#core/event.ts';
import type { ConversationId } from '#core/ids.ts';
import type { AcceptEntry, Route } from '#core/store/events.ts';
import type { Session } from '../session.ts';
import { insertEvent } from './insert.ts';

export type Talk = Extract<Route, { lane: 'turn' | 'command' }>;

/** One event on its way into the rows. */
export interface Arrival {
  readonly entry: AcceptEntry;
  readonly channel: string;
  readonly chat: ChatKey;
  readonly at: number;
  /** Conversations whose queue gained messages at its end, and those where it changed elsewhere: done once, after all entries. */
  readonly extended: Set<ConversationId>;
  readonly touched: Set<ConversationId>;
}

export function openOf(session: Session, chat: ChatKey): ConversationId | null {
  const row = session.get<{ id: ConversationId }>(
    'SELECT id FROM conversations WHERE chat = @chat AND open = 1',
    { chat },
  );
  return row?.id ?? null;
}

export interface Verdict {
  readonly lane: EventLane;
  readonly person: string | null;
  readonly role: Talk['role'] | null;
  readonly conversation: ConversationId | null;
  readonly coalesce: boolean;
  readonly status: EventStatus;
  readonly reason: string | null;
}

/** The event as it came, with what was made of it. */
export function insertRow(session: Session, arrival: Arrival, verdict: Verdict): void {
  const { entry, channel, chat, at } = arrival;
  const { event } = entry;
  insertEvent(session, {
    id: entry.id,
    channel,
    platformId: event.platformId,
    kind: event.kind,
    lane: verdict.lane,
    chat,
    direct: event.direct,
    conversation: verdict.conversation,
    person: verdict.person,
    role: verdict.role,
    identity: identityOf(channel, event.sender.id),
    name: event.sender.name,
    text: event.text,
    files: event.files,
    messageId: event.messageId,
    replyTo: event.replyTo,
    sentAt: event.sentAt,
    receivedAt: at,
    coalesce: verdict.coalesce,
    status: verdict.status,
    approval: null,
    reason: verdict.reason,
    raw: event.raw,
  });
}
