import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { addressToKey } from '#core/address.ts';
import type { DeliveryBody } from '#core/delivery.ts';
import type { AcceptEntry } from '#core/store/events.ts';
import type { StorePort } from '#core/store/store.ts';
import { createIds } from '#lib/ids.ts';
import { openTestStore } from '#test/store.ts';

/** What stands in a home before its gateway starts. */
export interface Seed {
  /** Messages that wait to be answered: three tenths of them in one chat, one in twenty said more than six hours ago. */
  readonly events: number;
  /** Words of Tiro's own that wait to be sent, a fifth of them to one chat. */
  readonly outbox: number;
  /** Events that were answered, each with its turn, its delivery and `stepsPerTurn` steps. */
  readonly done: number;
  readonly stepsPerTurn: number;
  /** So many people, each with two chats, share what is not in the one chat. */
  readonly people: number;
}

/** The one chat with a queue of its own, and the person in it. */
export const busyChat = 'telegram:1000';

const perCommit = 500;

/** Fills the home by the verbs of the real store; the history, which nobody claims any more, by plain rows. */
export async function seedHome(home: string, seed: Seed, say: (line: string) => void): Promise<void> {
  mkdirSync(home, { recursive: true });
  const now = Date.now();
  const opened = await openTestStore({ home });
  const { store } = opened;
  await seedEvents(store, seed, { now, say });
  await seedOutbox(store, seed, { now, say });
  await store.boots.healthy();
  await store.boots.stopped();
  await opened.close();
  if (seed.done > 0) seedHistory(join(home, 'tiro.db'), seed, { now, say });
}

interface Telling {
  readonly now: number;
  readonly say: (line: string) => void;
}

async function seedEvents(store: StorePort, { events, people }: Seed, { now, say }: Telling): Promise<void> {
  const ids = createIds({ now: () => now });
  for (let done = 0; done < events; done += perCommit) {
    const entries = Array.from({ length: Math.min(perCommit, events - done) }, (_, offset) => {
      const n = done + offset;
      const chat = n % 10 < 3 ? 1000 : 2000 + (n % (people * 2));
      const isOld = chat !== 1000 && chat % 20 === 0;
      return entryOf(ids, { n, chat, sentAt: now - (isOld ? 8 : 1) * 3_600_000 });
    });
    await store.events.accept({ channel: 'telegram', entries, cursor: null, at: now });
    if ((done + perCommit) % 20_000 === 0) say(`seeding: ${done + perCommit} events`);
  }
}

function entryOf(
  ids: ReturnType<typeof createIds>,
  { n, chat, sentAt }: { readonly n: number; readonly chat: number; readonly sentAt: number },
): AcceptEntry {
  const person = `person-${chat === 1000 ? 'busy' : Math.floor(chat / 2)}`;
  const text = `message ${n}: what is the capital of the country with the number ${n}?`;
  return {
    id: ids.event(),
    newConversation: ids.conversation(),
    event: {
      platformId: `update:${n}`,
      kind: 'message',
      chat: { channel: 'telegram', chat: String(chat), thread: null },
      direct: true,
      sender: { id: String(chat), name: person },
      addressed: true,
      text,
      files: [],
      messageId: String(n),
      replyTo: null,
      sentAt,
      raw: JSON.stringify({ update_id: n, message: { text } }),
    },
    route: {
      lane: 'turn',
      person,
      role: 'member',
      conversation: null,
      startsConversation: false,
      coalesce: true,
      history: [],
    },
  };
}

async function seedOutbox(store: StorePort, { outbox, people }: Seed, { now, say }: Telling): Promise<void> {
  const ids = createIds({ now: () => now });
  let waiting: Promise<unknown>[] = [];
  for (let n = 0; n < outbox; n += 1) {
    const chat = addressToKey({
      channel: 'telegram',
      chat: String(n % 5 === 0 ? 1000 : 2000 + (n % (people * 2))),
      thread: null,
    });
    const text = `answer ${n}`;
    const body: DeliveryBody = {
      kind: 'message',
      markdown: text,
      text,
      dialect: 'plain',
      replyTo: null,
      buttons: [],
    };
    const deliveries = [{ id: ids.delivery(), key: `seed:${n}`, chat, body, preview: false }];
    const at = { chat, conversation: null, newConversation: ids.conversation(), at: now };
    const notice = { kind: 'notice', text } as const;
    waiting.push(store.conversations.say({ key: `seed:${n}`, person: 'p', body: notice, deliveries, ...at }));
    if (waiting.length < perCommit) continue;
    await Promise.all(waiting);
    waiting = [];
    if ((n + 1) % 20_000 === 0) say(`seeding: ${n + 1} deliveries`);
  }
  await Promise.all(waiting);
}

/** A long past: rows as the store would have left them, in a thousand chats that nobody writes in now. */
function seedHistory(file: string, { done, stepsPerTurn }: Seed, { now, say }: Telling): void {
  say(`seeding: ${done} answered events, ${done * stepsPerTurn} steps`);
  const db = new Database(file);
  const body = JSON.stringify({ kind: 'notice', text: 'x'.repeat(80) });
  // As whole numbers: a number is bound as a real one, and would come out as `7.0` in a text.
  const numbers = { done, now, stepsPerTurn, chats: Math.max(1, Math.min(1_000, done)) };
  const whole = Object.entries(numbers).map(([name, value]) => [name, BigInt(value)] as const);
  const bind = { ...Object.fromEntries(whole), body };
  db.exec('BEGIN');
  for (const sql of history) db.prepare(sql).run(bind);
  db.exec('COMMIT');
  db.close();
}

const counted = (most: string): string =>
  `WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${most})`;
const when = '@now - 31536000000 + n * 1000';

const history: readonly string[] = [
  `${counted('@chats')} INSERT INTO conversations (id, chat, person, direct, open, created_at, last_at)
   SELECT 'cnv_old' || n, 'telegram:9' || n, 'old' || n, 1, 1, @now - 1, @now - 1 FROM n`,
  `${counted('@done')} INSERT INTO turns (id, conversation, chat, direct, person, role, status, epoch, attempts, due_at, started_at, ended_at)
   SELECT 'trn_old' || n, 'cnv_old' || (n % @chats), 'telegram:9' || (n % @chats), 1, 'old' || (n % @chats), 'member', 'done', 1, 0,
     ${when}, ${when}, ${when} FROM n`,
  `${counted('@done')} INSERT INTO events (id, channel, platform_id, kind, lane, chat, direct, conversation, person, role, identity, name,
     text, files, message_id, sent_at, received_at, coalesce, status, turn, raw)
   SELECT 'evt_old' || n, 'telegram', 'old:' || n, 'message', 'turn', 'telegram:9' || (n % @chats), 1, 'cnv_old' || (n % @chats),
     'old' || (n % @chats), 'member', 'telegram:9' || (n % @chats), 'Old', 'an old message', '[]', 'old' || n, ${when}, ${when}, 1,
     'done', 'trn_old' || n, '{}' FROM n`,
  `${counted('@done * @stepsPerTurn')} INSERT INTO steps (conversation, turn, at, body)
   SELECT 'cnv_old' || ((n / @stepsPerTurn) % @chats), 'trn_old' || (n / @stepsPerTurn), ${when}, @body FROM n`,
  `${counted('@done')} INSERT INTO outbox (id, key, chat, channel, turn, conversation, kind, body, preview, position, status, epoch, due_at,
     created_at, sent_at, platform_id)
   SELECT 'dlv_old' || n, 'old:' || n, 'telegram:9' || (n % @chats), 'telegram', 'trn_old' || n, 'cnv_old' || (n % @chats), 'message',
     '{"kind":"message","markdown":"x","text":"x","dialect":"plain","replyTo":null,"buttons":[]}', 0, n, 'sent', 1, ${when}, ${when}, ${when},
     'p' || n FROM n`,
];
