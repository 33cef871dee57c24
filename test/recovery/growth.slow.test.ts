import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliveryId } from '#core/ids.ts';
import type { TurnPlan } from '#core/store/events.ts';
import type { Turn } from '#core/turn.ts';
import { createIds } from '#lib/ids.ts';
import { createTables } from '#store/sqlite/index.ts';
import { createSession } from '#store/sqlite/session.ts';
import { moment } from '#test/contract/store/world.ts';
import { needs } from '#test/house/requirement.ts';
import { type Seed, busyChat, seedHome } from './seed.ts';

/**
 * What a start asks of the store, and every claim and settlement after it, must cost the same however much waits and
 * however long the past is. Counted, not timed: SQLite keeps almost no page in memory here, so what a statement visits it
 * reads, and the kernel counts the bytes that this thread reads.
 */
const counter = '/proc/thread-self/io';
const linux = needs({
  name: 'the counter of read bytes (/proc)',
  present: existsSync(counter),
  enable: 'Linux',
});

const small: Seed = { events: 300, outbox: 300, done: 100, stepsPerTurn: 2, people: 10 };
const large: Seed = { events: 5_000, outbox: 5_000, done: 5_000, stepsPerTurn: 10, people: 200 };
/** B-trees of the large home are a level or two deeper, and a claim goes down some dozens of them. */
const most = (pages: number): number => 2 * pages + 20;

test('start, claim and settlement visit no more rows in a home with a long queue and a long past', async ({
  skip,
}) => {
  skip(linux.skip, linux.reason);
  const [few, many] = [await pagesByVerb(small), await pagesByVerb(large)];
  const grown = Object.entries(many).flatMap(([verb, pages]) => {
    const before = few[verb] ?? Number.NaN;
    return pages <= most(before) ? [] : [`${verb}: ${before} → ${pages} pages`];
  });
  expect(grown).toEqual([]);
  expect(Object.keys(many).length).toBeGreaterThan(15);
});

test('a statement that walks through what waits is found by this count', async ({ skip }) => {
  skip(linux.skip, linux.reason);
  const home = await newHome(large);
  const db = openSmall(home);
  const walk = db.prepare(`SELECT count(*) FROM events WHERE status = 'queued' AND kept = 1`);
  expect(pagesOf(() => walk.get())).toBeGreaterThan(10 * most(0));
});

async function newHome(seed: Seed): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'tiro-growth-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  await seedHome(home, seed, () => undefined);
  return home;
}

function openSmall(home: string): Database.Database {
  const db = new Database(join(home, 'tiro.db'));
  onTestFinished(() => void db.close());
  db.pragma('cache_size = 1');
  db.exec('INSERT INTO boots (pid, started_at) VALUES (1, 0)');
  return db;
}

function pagesOf(work: () => unknown): number {
  const before = readBytes();
  work();
  return Math.round((readBytes() - before) / 4096);
}

function readBytes(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(counter, 'utf8'))?.[1]);
}

/** Every verb in the place where it is used, on the same rows whatever the home; the most of some times. */
async function pagesByVerb(seed: Seed): Promise<Readonly<Record<string, number>>> {
  const db = openSmall(await newHome(seed));
  const epoch = db.prepare<[], number>('SELECT max(epoch) FROM boots').pluck().get() ?? 0;
  const { boots, events, turns, outbox, approvals, spend, steps, people } = createTables(
    createSession(db, epoch),
  );
  const ids = createIds({ now: () => 1 });
  const pages: Record<string, number> = {};
  const now = Date.now();

  count('boots.current', () => boots.current());
  count('turns.orphans', () => turns.orphans());
  count('outbox.interrupted', () => outbox.interrupted());
  count('spend.settleOrphans', () => spend.settleOrphans(now));
  count('approvals.overdue', () => approvals.overdue(now));
  count('people.identities', () => people.identities());
  count('events.cursor', () => events.cursor('telegram'));
  count('events.commands', () => events.commands(256));
  count('steps.lastSeq', () => steps.lastSeq());
  count('counts', () => [events.countByStatus(), turns.countByStatus(), outbox.countByStatus()]);
  const claimed = Array.from({ length: 40 }, (_, n) => claim(n % 4 === 3)).filter((turn) => turn !== null);
  count('turns.retryDue', () => turns.retryDue({ now }));
  for (const turn of claimed) {
    count('turns.append end', () => turns.append(moment(turn, { end: { status: 'done', reason: null } })));
    if (turn.chat === busyChat) claim(false);
  }
  const chats = new Set<string>();
  for (let rows = claimOutbox(); rows.length > 0; rows = claimOutbox()) {
    for (const row of rows) chats.add(row.chat);
    for (const row of rows) settle(row.id);
  }
  expect(chats).toContain(busyChat);
  // Now they wait to be tried again: a claim must not look at each of them.
  count('outbox.claim while others wait', () =>
    outbox.claim({ now: now + 1, limit: 1, pausedChannels: [], pausedChats: [busyChat] }),
  );
  return pages;

  function count<T>(verb: string, work: () => T): T {
    const found: T[] = [];
    db.exec('BEGIN');
    const cost = pagesOf(() => found.push(work()));
    db.exec('COMMIT');
    pages[verb] = Math.max(pages[verb] ?? 0, cost);
    const [value] = found;
    if (value === undefined) throw new Error(`${verb} gave nothing.`);
    return value;
  }

  function claim(latest: boolean): Turn | null {
    const limits = { maxRunning: 99, maxPerPerson: 16, maxEvents: 2, maxChars: 60_000 };
    const plan: TurnPlan = { turn: ids.turn(), now, ...limits, staleBefore: now - 6 * 3_600_000, latest };
    const found = count(latest ? 'turns.claim latest' : 'turns.claim', () => turns.claim(plan));
    return found.type === 'turn' ? found.turn : null;
  }

  function claimOutbox(): ReturnType<typeof outbox.claim> {
    return count('outbox.claim', () => outbox.claim({ now, limit: 4, pausedChannels: [], pausedChats: [] }));
  }

  function settle(id: DeliveryId): void {
    const again = {
      status: 'queued',
      dueAt: now + 60_000,
      countAttempt: true,
      repeated: false,
      reason: 'x',
    } as const;
    count('outbox.settle', () => outbox.settle({ id, at: now, outcome: again, replacements: [] }) ?? null);
  }
}
