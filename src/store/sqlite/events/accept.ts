import { addressToKey } from '#core/address.ts';
import type { ConversationId, EventId } from '#core/ids.ts';
import type { AcceptEntry, Accepted, EventsPort, Route } from '#core/store/events.ts';
import { nextConversation, placeOf, touchConversation } from '../conversations.ts';
import { insertDeliveries } from '../outbox/insert.ts';
import { buryDelivery } from '../outbox/bury.ts';
import { insertPairing } from '../people/pairings.ts';
import { type Session, flag } from '../session.ts';
import { insertStep } from '../steps.ts';
import { type Arrival, type Talk, insertRow, openOf } from './arrival.ts';
import { editBefore, storeDeletion, storeEdit } from './edits.ts';
import { extendQueue, refreshQueue } from './queue.ts';

type AcceptInput = Parameters<EventsPort['accept']>[0];
type Refusal = Extract<Route, { lane: 'none' }>;
type StaleAnswer = Extract<Route, { lane: 'stale-answer' }>;

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
    case 'withdrawal':
      return storeDeletion(session, arrival);
    case 'undelivered':
      return storeUndelivered(session, arrival);
    case 'turn':
    case 'command':
      if (event.kind === 'edit') {
        const kept = storeEdit(session, arrival, route);
        return kept === null ? storeTalk(session, arrival, route) : kept.conversation;
      }
      if (event.kind === 'reaction') return storeKept(session, arrival, { ...route, reason: null });
      return storeMessage(session, arrival, route);
  }
}

/** A message whose edit came first says what the edit says. */
function storeMessage(session: Session, arrival: Arrival, route: Talk): ConversationId | null {
  const edit = route.lane === 'turn' ? editBefore(session, arrival) : null;
  if (edit === null) return storeTalk(session, arrival, route);
  if ('answered' in edit) {
    return storeKept(session, arrival, { ...route, reason: `its edit came first: ${edit.answered}` });
  }
  const { entry } = arrival;
  return storeTalk(session, { ...arrival, entry: { ...entry, event: { ...entry.event, ...edit } } }, route);
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

/** What the platform says of a delivery that is not one of this channel's changes nothing. */
function storeUndelivered(session: Session, arrival: Arrival): ConversationId | null {
  const { messageId, text } = arrival.entry.event;
  const buried = buryDelivery(session, { id: messageId ?? '', channel: arrival.channel, reason: text });
  insertRow(session, arrival, {
    lane: 'none',
    person: null,
    role: null,
    conversation: buried?.conversation ?? null,
    coalesce: false,
    status: buried === null ? 'refused' : 'done',
    reason: buried === null ? 'it names no delivery of ours' : 'a delivery did not arrive',
  });
  return buried?.conversation ?? null;
}

/** Known from now on, and nothing is to be done about it. */
function storeKept(
  session: Session,
  arrival: Arrival,
  route: Talk & { readonly reason: string | null },
): ConversationId | null {
  const conversation = openOf(session, arrival.chat);
  insertRow(session, arrival, { ...route, lane: 'none', conversation, coalesce: false, status: 'done' });
  return conversation;
}
