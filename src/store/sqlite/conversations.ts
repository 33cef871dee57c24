import type { ChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { ConversationId } from '#core/ids.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { Conversation, QueueMode } from '#core/turn.ts';
import { insertDeliveries } from './outbox/insert.ts';
import { type Session, type Verbs, flag } from './session.ts';
import { insertStep } from './steps.ts';

interface Row {
  readonly id: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly direct: number;
  readonly open: number;
  readonly created_at: number;
  readonly last_at: number;
  readonly title: string;
  readonly model: string | null;
  readonly queue_mode: QueueMode | null;
}

type Say = Parameters<ConversationsPort['say']>[0];
type Said = Awaited<ReturnType<ConversationsPort['say']>>;

const titleLength = 60;

export function createConversations(session: Session): Verbs<ConversationsPort> {
  return {
    get: (id) => {
      const row = session.get<Row>('SELECT * FROM conversations WHERE id = @id', { id });
      return row === null ? null : toConversation(row);
    },
    openOf: (chat) => {
      const row = session.get<Row>('SELECT * FROM conversations WHERE chat = @chat AND open = 1', { chat });
      return row === null ? null : toConversation(row);
    },
    list: ({ person, limit }) => {
      const which = person === null ? '' : 'WHERE person = @person';
      return session
        .all<Row>(`SELECT * FROM conversations ${which} ORDER BY last_at DESC, seq DESC LIMIT @limit`, {
          person,
          limit,
        })
        .map(toConversation);
    },
    setModel: ({ conversation, model }) =>
      change('UPDATE conversations SET model = @value WHERE id = @conversation', conversation, model),
    setQueueMode: ({ conversation, mode }) =>
      change('UPDATE conversations SET queue_mode = @value WHERE id = @conversation', conversation, mode),
    chatsOf: (person) =>
      session.all<{ chat: ChatKey; lastAt: number }>(
        `SELECT chat, last_at AS lastAt FROM chats WHERE person = @person AND direct = 1
         ORDER BY last_at DESC, chat`,
        { person },
      ),
    say: (input) => say(session, input),
  };

  function change(sql: string, conversation: ConversationId, value: string | null): void {
    if (session.run(sql, { conversation, value }) > 0) return;
    throw new TiroError('not-found', `There is no conversation ${conversation}.`);
  }
}

function say(session: Session, input: Say): Said {
  const earlier = session.get<{ conversation: ConversationId }>(
    'SELECT conversation FROM steps WHERE key = @key',
    { key: input.key },
  );
  if (earlier !== null) return { conversation: earlier.conversation, fresh: false };
  const { chat, person, body, key, at } = input;
  const conversation = placeOf(session, {
    wanted: input.conversation,
    fresh: input.newConversation,
    chat,
    person,
    direct: directOf(session, chat),
    at,
  }).id;
  session.run('UPDATE conversations SET last_at = max(last_at, @at) WHERE id = @conversation', {
    at,
    conversation,
  });
  insertStep(session, { conversation, turn: null, at, body, key });
  insertDeliveries(session, input.deliveries, { turn: null, conversation, at });
  return { conversation, fresh: true };
}

/** A chat that was never seen is taken for a direct one: only those are written to unasked. */
function directOf(session: Session, chat: ChatKey): boolean {
  const row = session.get<{ direct: number }>('SELECT direct FROM chats WHERE chat = @chat', { chat });
  return row === null || row.direct === 1;
}

export interface Place {
  /** Null: the chat's open conversation. An id: that one and no other. */
  readonly wanted: ConversationId | null;
  /** The id of the one that is made when the chat has none open. */
  readonly fresh: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly direct: boolean;
  readonly at: number;
}

/** The conversation for something said at this place, made if it is missing. One made by its id is not the chat's open one. */
export function placeOf(
  session: Session,
  place: Place,
): { readonly id: ConversationId; readonly made: boolean } {
  if (place.wanted !== null) {
    const known = session.get('SELECT 1 FROM conversations WHERE id = @id', { id: place.wanted });
    if (known === null) makeConversation(session, place, { id: place.wanted, open: false });
    return { id: place.wanted, made: known === null };
  }
  const open = session.get<{ id: ConversationId }>(
    'SELECT id FROM conversations WHERE chat = @chat AND open = 1',
    { chat: place.chat },
  );
  if (open !== null) return { id: open.id, made: false };
  makeConversation(session, place, { id: place.fresh, open: true });
  return { id: place.fresh, made: true };
}

/** Closes the chat's open conversation, if there is one, and opens the next. */
export function nextConversation(session: Session, place: Place): ConversationId {
  session.run('UPDATE conversations SET open = 0 WHERE chat = @chat AND open = 1', { chat: place.chat });
  makeConversation(session, place, { id: place.fresh, open: true });
  return place.fresh;
}

function makeConversation(
  session: Session,
  place: Place,
  made: { readonly id: ConversationId; readonly open: boolean },
): void {
  session.run(
    `INSERT INTO conversations (id, chat, person, direct, open, created_at, last_at)
     VALUES (@id, @chat, @person, @direct, @open, @at, @at)`,
    {
      id: made.id,
      open: flag(made.open),
      chat: place.chat,
      person: place.person,
      direct: flag(place.direct),
      at: place.at,
    },
  );
}

/** Something was said: keeps the time, and the first words of the first message as title. */
export function touchConversation(
  session: Session,
  touch: { readonly id: ConversationId; readonly text: string; readonly at: number },
): void {
  session.run(
    `UPDATE conversations SET last_at = max(last_at, @at), title = iif(title = '', @title, title) WHERE id = @id`,
    { id: touch.id, title: titleOf(touch.text), at: touch.at },
  );
}

function titleOf(text: string): string {
  const words = text.slice(0, 1_000).replace(/\s+/g, ' ').trim();
  // By code points: a cut inside an emoji would be no text.
  return Array.from(words).slice(0, titleLength).join('').trim();
}

function toConversation(row: Row): Conversation {
  return {
    id: row.id,
    chat: row.chat,
    person: row.person,
    direct: row.direct === 1,
    open: row.open === 1,
    createdAt: row.created_at,
    lastAt: row.last_at,
    title: row.title,
    model: row.model,
    queueMode: row.queue_mode,
  };
}
