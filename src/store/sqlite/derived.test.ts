import { type Arbitrary, array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from 'better-sqlite3';
import type { ConversationId, TurnId } from '#core/ids.ts';
import { createIds } from '#lib/ids.ts';
import { anyTurn, approval, edit, entry, message, moment, reply, talk } from '#test/contract/store/world.ts';
import { openScratch } from '#test/scratch-database.ts';
import { createTables } from './index.ts';
import { createSession } from './session.ts';

/**
 * `queues`, `loads`, `counts` and `outbox.head` only repeat what events, turns and deliveries say. Whatever is done in
 * whatever order, they must say the same as a look at all rows.
 */
const kinds = [
  'say',
  'say',
  'named',
  'edit',
  'withdraw',
  'one-person',
  'alone',
  'command',
  'new',
  'old',
  'keep',
  'decline',
  'claim',
  'claim',
  'claim-stale',
  'join',
  'reply',
  'done',
  'dead',
  'park',
  'yes',
  'no',
  'stop',
  'defer',
  'retry',
  'crash',
  'redrive',
  'send',
  'sent',
  'fail',
  'replace',
  'preview',
  'final',
] as const;

interface Move {
  readonly kind: (typeof kinds)[number];
  readonly chat: number;
  readonly pick: number;
}

const move: Arbitrary<Move> = record({
  kind: constantFrom(...kinds),
  chat: integer({ min: 1, max: 3 }),
  pick: integer({ min: 0, max: 5 }),
});

test('what is derived always says the same as the rows', () => {
  assert(
    property(array(move, { minLength: 20, maxLength: 80 }), (moves) => {
      const db = openScratch();
      try {
        const play = createPlayer(db);
        for (const one of moves) play(one);
        expect(derived(db)).toEqual(lookedUp(db));
      } finally {
        db.close();
      }
    }),
    { numRuns: 40 },
  );
});

/** Makes moves as a kernel would: those that do not apply are left out. */
function createPlayer(db: Database): (move: Move) => void {
  let epoch = 1;
  let tables = createTables(createSession(db, epoch));
  const ids = createIds({ now: () => 1 });
  let now = 1_000;

  return (move) => {
    now += 1;
    const chat = `telegram:${move.chat}` as const;
    const running = tables.turns.list({ status: 'running', conversation: null, limit: 9 });
    const mine = running.filter((turn) => turn.epoch === epoch);
    const turn = mine[move.pick % Math.max(1, mine.length)] ?? null;
    const say = (words: Parameters<typeof entry>[1]): void => {
      const entries = [entry(ids, { chat, sentAt: now, ...words })];
      tables.events.accept({ channel: 'telegram', entries, cursor: null, at: now });
    };
    const answer = (keep: boolean): void =>
      say({ route: { lane: 'stale-answer', keep, person: 'p', role: 'member' } });
    const end = (status: 'done' | 'dead' | 'parked'): void => {
      if (turn === null) return;
      const approvals = status === 'parked' ? [approval(`A${now}`)] : [];
      tables.turns.append(moment(turn, { at: now, approvals, end: { status, reason: null } }));
    };
    const decide = (decision: 'approved' | 'denied'): void => {
      const [ask] = tables.approvals.list({ status: 'pending', chat: null, limit: 1 });
      if (ask === undefined) return;
      tables.approvals.decide({ id: ask.id, decision, by: 'p', reason: null, event: ids.event(), at: now });
    };
    const joinPersons = (joins: string, handle: string): void => {
      const code = `${now}`;
      const row = { code, kind: 'link', identity: null, chat: null, name: '', person: handle } as const;
      tables.people.addPairing({ ...row, role: 'member', createdAt: now, expiresAt: now + 9 });
      const who = { identity: `telegram:${joins}`, handle, role: 'member', name: '' } as const;
      tables.people.pair({ code, ...who, joins, at: now });
    };
    const conversation: ConversationId | undefined = tables.conversations.openOf(chat)?.id;
    const sending = tables.outbox.list({ status: 'sending', limit: 9 })[move.pick] ?? null;
    const settle = (
      outcome: Parameters<typeof tables.outbox.settle>[0]['outcome'],
      instead = false,
    ): void => {
      if (sending === null) return;
      const replacements = instead ? [message(ids, 'instead', { chat: sending.chat })] : [];
      tables.outbox.settle({ id: sending.id, at: now, outcome, replacements });
    };
    const preview = (id: TurnId): ReturnType<typeof message> =>
      message(ids, 'p', { chat, key: `p-${id}`, preview: true });
    const moves: Readonly<Record<Move['kind'], () => void>> = {
      say: () => say({}),
      named: () => say({ messageId: 'm' }),
      edit: () => say({ kind: 'edit', messageId: 'm', text: 'new' }),
      withdraw: () => say({ kind: 'deletion', messageId: 'm', route: { lane: 'withdrawal' } }),
      'one-person': () => joinPersons(`p${move.chat}`, `p${(move.pick % 3) + 1}`),
      alone: () => say({ route: talk(chat, { coalesce: false }) }),
      command: () => say({ route: talk(chat, { lane: 'command' }) }),
      new: () => say({ route: talk(chat, { lane: 'command', startsConversation: true }) }),
      old: () => say({ sentAt: 1 }),
      keep: () => answer(true),
      decline: () => answer(false),
      claim: () => void tables.turns.claim({ ...anyTurn, turn: ids.turn(), now, maxEvents: 2 }),
      'claim-stale': () => void tables.turns.claim({ ...anyTurn, turn: ids.turn(), now, staleBefore: 500 }),
      join: () =>
        turn !== null &&
        void tables.turns.join({
          turn: turn.id,
          arrivedBefore: null,
          steer: true,
          maxEvents: 3,
          maxChars: 99,
          at: now,
        }),
      reply: () =>
        turn !== null &&
        void tables.turns.append(
          moment(turn, {
            at: now,
            steps: [reply('r')],
            deliveries: [message(ids, 'r', { chat: turn.chat })],
          }),
        ),
      done: () => end('done'),
      dead: () => end('dead'),
      park: () => end('parked'),
      yes: () => decide('approved'),
      no: () => decide('denied'),
      stop: () =>
        conversation !== undefined && void tables.turns.stop({ conversation, by: 'p', upTo: null, at: now }),
      defer: () => turn !== null && tables.turns.defer({ turn: turn.id, dueAt: now + 3, reason: 'x' }),
      retry: () => void tables.turns.retryDue({ now }),
      crash: () => {
        epoch = Number(db.prepare('INSERT INTO boots (pid, started_at) VALUES (1, 0)').run().lastInsertRowid);
        tables = createTables(createSession(db, epoch));
        for (const orphan of tables.turns.orphans().slice(0, move.pick)) {
          tables.turns.resume({ turn: orphan.id, solo: false, at: now });
        }
        for (const row of tables.outbox.interrupted()) {
          const outcome = {
            status: 'queued',
            dueAt: now,
            countAttempt: false,
            repeated: true,
            reason: 'x',
          } as const;
          tables.outbox.settle({ id: row.id, at: now, outcome, replacements: [] });
        }
      },
      redrive: () => {
        const dead = tables.turns.list({ status: 'dead', conversation: null, limit: 9 })[move.pick];
        if (dead !== undefined) tables.turns.redrive({ turn: dead.id, at: now });
        const row = tables.outbox.list({ status: 'dead', limit: 9 })[move.pick];
        if (row !== undefined) tables.outbox.redrive({ id: row.id, at: now });
      },
      send: () => void tables.outbox.claim({ now, limit: 2, pausedChannels: [], pausedChats: [] }),
      sent: () => settle({ status: 'sent', platformId: `m${now}` }),
      fail: () => settle({ status: 'dead', reason: 'x' }),
      replace: () => settle({ status: 'cancelled', reason: 'x' }, true),
      preview: () => {
        if (turn === null) return;
        const first = { ...preview(turn.id), chat: turn.chat };
        tables.outbox.preview({
          turn: turn.id,
          first,
          edit: edit(ids, { target: first.id, text: `${now}` }, { chat: turn.chat }),
          at: now,
        });
      },
      final: () => {
        const shown = turn === null ? null : tables.outbox.previewOf(turn.id);
        if (turn === null || shown === null) return;
        const final = edit(ids, { target: shown.id, text: 'final' }, { chat: turn.chat });
        tables.turns.append(moment(turn, { at: now, deliveries: [final] }));
      },
    };
    moves[move.kind]();
  };
}

function derived(db: Database): unknown {
  return {
    queues: db.prepare('SELECT * FROM queues ORDER BY conversation').all(),
    loads: db.prepare('SELECT * FROM loads ORDER BY person').all(),
    heads: db.prepare('SELECT chat, seq FROM outbox WHERE head = 1 ORDER BY chat, seq').all(),
    counts: db.prepare('SELECT * FROM counts WHERE n <> 0 ORDER BY noun, status').all(),
  };
}

function lookedUp(db: Database): unknown {
  const queues = `
    SELECT conversation, chat, person, (SELECT min(seq) FROM events o WHERE o.conversation = e.conversation
        AND o.status = 'queued' AND o.lane = 'turn') AS head,
      NOT EXISTS (SELECT 1 FROM turns WHERE status = 'running' AND turns.conversation = e.conversation) AS ready
    FROM events e WHERE seq = (SELECT seq FROM events o WHERE o.conversation = e.conversation
      AND o.status = 'queued' AND o.lane = 'turn' ORDER BY rank, seq LIMIT 1)`;
  const loads = `
    SELECT person, (SELECT count(*) FROM turns WHERE status = 'running' AND turns.person = all_people.person) AS running,
      (SELECT min(head) FROM (${queues}) q WHERE q.ready AND q.person = all_people.person) AS head, 0 AS due_at
    FROM (SELECT person FROM turns WHERE status = 'running' UNION SELECT person FROM (${queues}) q WHERE q.ready) all_people`;
  const heads = `
    SELECT chat, seq FROM outbox o WHERE status = 'queued'
      AND NOT EXISTS (SELECT 1 FROM outbox s WHERE s.chat = o.chat AND s.status = 'sending')
      AND seq = (SELECT seq FROM outbox f WHERE f.chat = o.chat AND f.status = 'queued' ORDER BY position, seq LIMIT 1)`;
  const counts = ['events', 'turns', 'outbox']
    .map((noun) => `SELECT '${noun}' AS noun, status, count(*) AS n FROM ${noun} GROUP BY status`)
    .join(' UNION ALL ');
  return {
    queues: db.prepare(`SELECT * FROM (${queues}) ORDER BY conversation`).all(),
    loads: db.prepare(`SELECT * FROM (${loads}) ORDER BY person`).all(),
    heads: db.prepare(`${heads} ORDER BY chat, seq`).all(),
    counts: db.prepare(`SELECT * FROM (${counts}) ORDER BY noun, status`).all(),
  };
}
