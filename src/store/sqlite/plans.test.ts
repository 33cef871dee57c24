import { expect, onTestFinished, test } from 'vitest';
import { createIds } from '#lib/ids.ts';
import { anyTurn, approval, edit, entry, message, moment, reply, talk } from '#test/contract/store/world.ts';
import { createTables } from './index.ts';
import { type Session, createSession } from './session.ts';
import { openScratch } from '#test/scratch-database.ts';

/** Tables that grow with the history; the others have a row per person, channel or conversation that is alive. */
const grows = new Set([
  'events',
  'turns',
  'steps',
  'outbox',
  'spend',
  'approvals',
  'conversations',
  'chats',
  'boots',
]);

test('no verb of the hot path walks through the history', () => {
  const db = openScratch();
  onTestFinished(() => {
    db.close();
  });
  const asked = new Set<string>();
  useEveryHotVerb(recording(createSession(db, 1), asked));
  const partial = db
    .prepare<[], { name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'`,
    )
    .all()
    .map((index) => index.name);
  expect(asked.size).toBeGreaterThan(60);
  const walks = [...asked].flatMap((sql) =>
    db
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replace(/@\w+/g, "''")}`)
      .all()
      .filter(({ detail }) => isWalk(detail, partial))
      .map(({ detail }) => ({ detail, sql })),
  );
  expect(walks).toEqual([]);
});

function isWalk(detail: string, partial: readonly string[]): boolean {
  const scan = /^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?/.exec(detail);
  if (scan === null) return false;
  const [, table = '', index = ''] = scan;
  return grows.has(table) && !partial.includes(index);
}

function recording(session: Session, asked: Set<string>): Session {
  return {
    ...session,
    run: (sql, params) => (asked.add(sql), session.run(sql, params)),
    insert: (sql, params) => (asked.add(sql), session.insert(sql, params)),
    get: (sql, params) => (asked.add(sql), session.get(sql, params)),
    all: (sql, params) => (asked.add(sql), session.all(sql, params)),
  };
}

function useEveryHotVerb(session: Session): void {
  const { events, turns, outbox, approvals, spend, conversations, steps } = createTables(session);
  const ids = createIds({ now: () => 1 });
  const say = (words: Parameters<typeof entry>[1]): void => {
    events.accept({ channel: 'telegram', entries: [entry(ids, words)], cursor: '1', at: 1_000 });
  };
  say({ sentAt: 1 });
  turns.claim({ ...anyTurn, turn: ids.turn(), staleBefore: 10 });
  say({ route: { lane: 'stale-answer', keep: true, person: 'p7', role: 'member' } });
  const claim = turns.claim({ ...anyTurn, turn: ids.turn(), staleBefore: 10 });
  if (claim.type !== 'turn') throw new Error('A turn was expected.');
  const { turn } = claim;
  say({ messageId: 'm' });
  say({ kind: 'edit', messageId: 'm' });
  say({ chat: 'telegram:-1', direct: false, kind: 'edit', messageId: 'g' });
  say({ kind: 'deletion', messageId: 'm', route: { lane: 'withdrawal' } });
  say({ chat: 'telegram:9', messageId: 'n' });
  turns.claim({ ...anyTurn, turn: ids.turn(), turnsPerMinute: { member: 1 } });
  say({ chat: 'telegram:9', kind: 'edit', messageId: 'n' });
  turns.join({ turn: turn.id, arrivedBefore: null, steer: false, maxEvents: 9, maxChars: 99, at: 1 });
  const money = {
    id: ids.spend(),
    turn: turn.id,
    conversation: turn.conversation,
    person: 'p7',
    purpose: 'turn',
  };
  const limits = [
    { scope: 'turn', limitUsd: 1, since: 0 },
    { scope: 'person-day', limitUsd: 1, since: 0 },
  ] as const;
  spend.reserve({ spend: { ...money, model: 'm', reservedUsd: 0.1, priced: true }, limits, at: 1 });
  const preview = message(ids, 'p', { key: 'p', preview: true });
  const show = { turn: turn.id, first: preview, edit: edit(ids, { target: preview.id, text: 'q' }), at: 1 };
  outbox.preview(show);
  outbox.preview(show);
  outbox.preview(show);
  steps.latest({ conversation: turn.conversation, chars: 100, turn: turn.id });
  outbox.previewOf(turn.id);
  const claimed = { now: 9_000, limit: 9, pausedChannels: [], pausedChats: [] };
  for (const row of outbox.claim(claimed)) {
    const outcome = { status: 'queued', dueAt: 1, countAttempt: true, repeated: false, reason: 'x' } as const;
    outbox.settle({ id: row.id, at: 1, outcome, replacements: [message(ids, 'r')] });
  }
  turns.append(
    moment(turn, {
      steps: [reply('a')],
      deliveries: [edit(ids, { target: preview.id, text: 'final' })],
      approvals: [approval('7F3K')],
      settle: { id: money.id, model: 'm', costUsd: 0.1, usage: null },
      seal: true,
      end: { status: 'parked', reason: null },
    }),
  );
  approvals.decide({
    id: '7F3K',
    decision: 'approved',
    by: 'a',
    reason: null,
    event: ids.event(),
    at: 4_000,
  });
  const next = turns.claim({ ...anyTurn, turn: ids.turn() });
  if (next.type === 'turn') turns.defer({ turn: next.turn.id, dueAt: 1, reason: 'x' });
  turns.retryDue({ now: 9 });
  turns.orphans();
  for (const status of ['running', 'parked', 'failed', 'cancelled', 'dead'] as const) {
    turns.list({ status, conversation: null, limit: 9 });
    turns.list({ status, conversation: turn.conversation, limit: 9 });
  }
  for (const status of ['queued', 'running', 'dead', 'stale', 'refused', 'withdrawn'] as const) {
    events.list({ status, limit: 9 });
  }
  for (const status of ['queued', 'sending', 'dead', 'cancelled'] as const) outbox.list({ status, limit: 9 });
  say({ route: talk('telegram:7', { lane: 'command', startsConversation: true }) });
  const [command] = events.commands(9);
  if (command !== undefined) {
    events.failCommand({ event: command.id, reason: 'x' });
    events.settleCommand({ event: command.id, notice: 'ok', deliveries: [message(ids, 'ok')], at: 1 });
  }
  turns.stop({ conversation: turn.conversation, by: 'x', upTo: null, at: 1 });
  events.waiting(1);
  events.waitingForPlace({ before: 1, limit: 9 });
  events.hasStale('telegram:7');
  events.countByStatus();
  outbox.interrupted();
  outbox.nextDueAt(1);
  approvals.overdue(1);
  approvals.list({ status: 'pending', chat: null, limit: 9 });
  conversations.openOf('telegram:7');
  conversations.chatsOf('p7');
  steps.since({ seq: 0, conversation: turn.conversation, limit: 9 });
  steps.ofConversation(turn.conversation);
  steps.lastSeq();
  spend.settleOrphans(1);
}
