import type { ChatKey } from '#core/address.ts';
import type { EventLane, EventStatus } from '#core/event.ts';
import type { ConversationId, EventId } from '#core/ids.ts';
import type { AcceptEntry, Accepted, EventsPort, Route } from '#core/store/events.ts';
import { nextConversation, placeOf, touchConversation } from '../conversations.ts';
import { insertDeliveries } from '../outbox/insert.ts';
import { insertPairing } from '../people.ts';
import { type Session, flag } from '../session.ts';
import { insertStep } from '../steps.ts';
import { addressToKey, identityOf } from '#core/address.ts';
import { insertEvent } from './insert.ts';
import { extendQueue, refreshQueue } from './queue.ts';

type AcceptInput = Parameters<EventsPort['accept']>[0];
type Talk = Extract<Route, { lane: 'turn' | 'command' }>;
type Refusal = Extract<Route, { lane: 'none' }>;
type StaleAnswer = Extract<Route, { lane: 'stale-answer' }>;

interface Arrival {
  readonly entry: AcceptEntry;
  readonly channel: string;
  readonly chat: ChatKey;
  readonly at: number;
  /** Conversations whose queue gained messages at its end, and those where it changed elsewhere: done once, after all entries. */
  readonly extended: Set<ConversationId>;
  readonly touched: Set<ConversationId>;
}

/** entries → event rows (known ones are only reported) → conversations, steps, deliveries they bring → queues → cursor. */
export function acceptEvents(session: Session, input: AcceptInput): readonly Accepted[] {
  const [extended, touched] = [new Set<ConversationId>(), new Set<ConversationId>()];
  const accepted = input.entries.map((entry) => {
    const known = duplicateOf(session, input.channel, entry);
    if (known !== null) return known;
    const chat = addressToKey(entry.event.chat);
    const arrival = { entry, channel: input.channel, chat, at: input.at, extended, touched };
    return { id: entry.id, duplicate: false, differs: false, conversation: store(session, arrival) };
  });
  for (const conversation of touched) refreshQueue(session, conversation);
  for (const conversation of extended) if (!touched.has(conversation)) extendQueue(session, conversation);
  if (input.cursor !== null) {
    session.run(
      `INSERT INTO cursors (channel, cursor, at) VALUES (@channel, @cursor, @at)
       ON CONFLICT (channel) DO UPDATE SET cursor = excluded.cursor, at = excluded.at`,
      { channel: input.channel, cursor: input.cursor, at: input.at },
    );
  }
  return accepted;
}

function duplicateOf(session: Session, channel: string, entry: AcceptEntry): Accepted | null {
  const known = session.get<{ id: EventId; conversation: ConversationId | null; text: string }>(
    'SELECT id, conversation, text FROM events WHERE channel = @channel AND platform_id = @platformId',
    { channel, platformId: entry.event.platformId },
  );
  if (known === null) return null;
  // A lone surrogate is stored as U+FFFD.
  const differs = known.text !== entry.event.text.toWellFormed();
  return { id: known.id, duplicate: true, differs, conversation: known.conversation };
}

function store(session: Session, arrival: Arrival): ConversationId | null {
  const { route, event } = arrival.entry;
  switch (route.lane) {
    case 'none':
      return storeRefused(session, arrival, route);
    case 'stale-answer':
      return storeStaleAnswer(session, arrival, route);
    case 'turn':
    case 'command':
      if (event.kind === 'edit') return storeEdit(session, arrival, route);
      if (event.kind === 'reaction') return storeReaction(session, arrival, route);
      return storeTalk(session, arrival, route);
  }
}

function storeTalk(session: Session, arrival: Arrival, route: Talk): ConversationId {
  const { entry, chat, at } = arrival;
  const place = {
    wanted: route.conversation,
    fresh: entry.newConversation,
    chat,
    person: route.person,
    direct: entry.event.direct,
    at,
  };
  const { id, made } = route.startsConversation
    ? { id: nextConversation(session, place), made: true }
    : placeOf(session, place);
  if (made) {
    for (const body of route.history)
      insertStep(session, { conversation: id, turn: null, at, body, key: null });
  }
  touchConversation(session, { id, text: route.lane === 'turn' ? entry.event.text : '', at });
  seeChat(session, arrival, route);
  insertRow(session, arrival, { ...route, conversation: id, status: 'queued', reason: null });
  if (route.lane === 'command') session.note.wake.add('commands');
  else arrival.extended.add(id);
  if (route.lane === 'turn' && route.coalesce) session.note.queued.add(id);
  return id;
}

function seeChat(session: Session, arrival: Arrival, route: Talk): void {
  session.run(
    `INSERT INTO chats (chat, person, direct, last_at) VALUES (@chat, @person, @direct, @at)
     ON CONFLICT (chat) DO UPDATE
       SET person = excluded.person, direct = excluded.direct, last_at = max(last_at, excluded.last_at)`,
    { chat: arrival.chat, person: route.person, direct: flag(arrival.entry.event.direct), at: arrival.at },
  );
}

function storeRefused(session: Session, arrival: Arrival, route: Refusal): null {
  insertRow(session, arrival, {
    lane: 'none',
    person: null,
    role: null,
    conversation: null,
    coalesce: false,
    status: 'refused',
    reason: route.reason,
  });
  if (route.pairing !== null) insertPairing(session, route.pairing);
  insertDeliveries(session, route.deliveries, { turn: null, conversation: null, at: arrival.at });
  return null;
}

/** yes: what was asked about is queued again, for good. no: it is done. */
function storeStaleAnswer(session: Session, arrival: Arrival, route: StaleAnswer): ConversationId | null {
  const { chat } = arrival;
  const asked = session.all<{ conversation: ConversationId }>(
    `SELECT DISTINCT conversation FROM events WHERE chat = @chat AND status = 'stale'`,
    { chat },
  );
  session.run(
    route.keep
      ? `UPDATE events SET status = 'queued', kept = 1 WHERE chat = @chat AND status = 'stale'`
      : `UPDATE events SET status = 'done', reason = 'declined' WHERE chat = @chat AND status = 'stale'`,
    { chat },
  );
  for (const { conversation } of asked) {
    arrival.touched.add(conversation);
    if (route.keep) session.note.queued.add(conversation);
  }
  const conversation = openOf(session, chat);
  insertRow(session, arrival, {
    lane: 'none',
    person: route.person,
    role: route.role,
    conversation,
    coalesce: false,
    status: 'done',
    reason: route.keep ? 'kept the stale messages' : 'declined the stale messages',
  });
  return conversation;
}

/** An edit replaces what is not answered yet; of what is answered it is stored and starts nothing. */
function storeEdit(session: Session, arrival: Arrival, route: Talk): ConversationId | null {
  const { event } = arrival.entry;
  const waiting = session.get<{ id: EventId; conversation: ConversationId | null }>(
    `SELECT id, conversation FROM events
     WHERE chat = @chat AND message_id = @messageId AND (status = 'queued' OR status = 'stale')
       AND lane = 'turn' AND channel = @channel
     ORDER BY seq DESC LIMIT 1`,
    { chat: arrival.chat, messageId: event.messageId, channel: arrival.channel },
  );
  if (waiting !== null) {
    session.run('UPDATE events SET text = @text WHERE id = @id', { text: event.text, id: waiting.id });
  }
  const conversation = waiting?.conversation ?? openOf(session, arrival.chat);
  insertRow(session, arrival, {
    ...route,
    lane: 'none',
    conversation,
    coalesce: false,
    status: waiting === null ? 'refused' : 'done',
    reason: waiting === null ? 'edit of an answered message' : `edit of ${waiting.id}`,
  });
  return conversation;
}

function storeReaction(session: Session, arrival: Arrival, route: Talk): ConversationId | null {
  const conversation = openOf(session, arrival.chat);
  insertRow(session, arrival, {
    ...route,
    lane: 'none',
    conversation,
    coalesce: false,
    status: 'done',
    reason: null,
  });
  return conversation;
}

function openOf(session: Session, chat: ChatKey): ConversationId | null {
  const row = session.get<{ id: ConversationId }>(
    'SELECT id FROM conversations WHERE chat = @chat AND open = 1',
    { chat },
  );
  return row?.id ?? null;
}

interface Verdict {
  readonly lane: EventLane;
  readonly person: string | null;
  readonly role: Talk['role'] | null;
  readonly conversation: ConversationId | null;
  readonly coalesce: boolean;
  readonly status: EventStatus;
  readonly reason: string | null;
}

function insertRow(session: Session, arrival: Arrival, verdict: Verdict): void {
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
