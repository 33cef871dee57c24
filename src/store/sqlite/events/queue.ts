import type { ChatKey } from '#core/address.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { EventsPort, TurnPlan } from '#core/store/events.ts';
import type { Session } from '../session.ts';

/**
 * events + turns → queues (a row per conversation with queued work) → loads (a row per person) → the next claim.
 * Both are derived: whoever changes a conversation's queued events or its running turn calls `refreshQueue` before
 * its write ends. So a claim is two look-ups, however long the queues are.
 */
export function refreshQueue(session: Session, conversation: ConversationId, turnOf?: string): void {
  const before = session.get<{ person: string }>(
    'SELECT person FROM queues WHERE conversation = @conversation',
    { conversation },
  );
  const first = session.get<{ person: string; chat: ChatKey; head: number }>(firstQueued, { conversation });
  const persons = new Set(turnOf === undefined ? [] : [turnOf]);
  if (before !== null) persons.add(before.person);
  if (first === null) {
    if (before !== null)
      session.run('DELETE FROM queues WHERE conversation = @conversation', { conversation });
  } else {
    const running = runningTurnOf(session, conversation) !== null;
    session.run(upsertQueue, { conversation, ...first, ready: running ? 0 : 1 });
    persons.add(first.person);
    if (!running) session.note.wake.add('turns');
  }
  for (const person of persons) refreshLoad(session, person);
}

/**
 * The same for messages that were only added at the end of the queue: where some wait already, neither whose work goes
 * first nor how long it has waited changes. So a burst costs one look-up a message.
 */
export function extendQueue(session: Session, conversation: ConversationId): void {
  const queue = session.get<{ ready: number }>(
    'SELECT ready FROM queues WHERE conversation = @conversation',
    {
      conversation,
    },
  );
  if (queue === null) refreshQueue(session, conversation);
  else if (queue.ready === 1) session.note.wake.add('turns');
}

/** The event that goes first says whose work it is; the oldest one says how long the conversation has waited. */
const firstQueued = `
  SELECT coalesce(person, '') AS person, chat, min(seq, coalesce((
    SELECT seq FROM events
    WHERE conversation IN (@conversation) AND status = 'queued' AND lane = 'turn' AND rank = 1
    ORDER BY seq LIMIT 1), seq)) AS head
  FROM events WHERE conversation IN (@conversation) AND status = 'queued' AND lane = 'turn'
  ORDER BY rank, seq LIMIT 1`;

const upsertQueue = `
  INSERT INTO queues (conversation, chat, person, head, ready) VALUES (@conversation, @chat, @person, @head, @ready)
  ON CONFLICT (conversation) DO UPDATE
    SET chat = excluded.chat, person = excluded.person, head = excluded.head, ready = excluded.ready`;

export function refreshLoad(session: Session, person: string): void {
  session.run(
    `INSERT INTO loads (person, running, head, due_at) VALUES (@person,
       (SELECT count(*) FROM turns WHERE status = 'running' AND person = @person),
       (SELECT head FROM queues WHERE person IN (@person) AND ready = 1 ORDER BY head LIMIT 1),
       coalesce((SELECT next_at FROM rates WHERE person = @person), 0))
     ON CONFLICT (person) DO UPDATE
       SET running = excluded.running, head = excluded.head, due_at = excluded.due_at`,
    { person },
  );
  session.run('DELETE FROM loads WHERE person = @person AND running = 0 AND head IS NULL', { person });
}

function runningTurnOf(session: Session, conversation: ConversationId): TurnId | null {
  const row = session.get<{ id: TurnId }>(
    `SELECT id FROM turns WHERE conversation = @conversation AND status = 'running'`,
    { conversation },
  );
  return row?.id ?? null;
}

/** Whose turn is next: of those with the fewest running turns the one whose conversation waits longest, or who came last. */
export function nextInLine(
  session: Session,
  plan: Pick<TurnPlan, 'now' | 'maxRunning' | 'maxPerPerson' | 'latest'>,
): { readonly conversation: ConversationId; readonly chat: ChatKey } | null {
  const running = session.get<{ n: number }>(
    `SELECT count(*) AS n FROM turns WHERE status = 'running' AND due_at <= @now`,
    { now: plan.now },
  );
  if (running !== null && running.n >= plan.maxRunning) return null;
  const fewest = session.get<{ running: number }>(
    `SELECT running FROM loads WHERE head IS NOT NULL AND due_at = 0 AND running < @maxPerPerson
     ORDER BY running LIMIT 1`,
    { maxPerPerson: plan.maxPerPerson },
  );
  if (fewest === null) return null;
  const load = session.get<{ person: string }>(plan.latest === true ? cameLast : waitsLongest, fewest);
  return session.get(
    `SELECT conversation, chat FROM queues WHERE person IN (@person) AND ready = 1 ORDER BY head LIMIT 1`,
    { person: load?.person ?? '' },
  );
}

const withFewest = 'SELECT person FROM loads WHERE head IS NOT NULL AND due_at = 0 AND running IN (@running)';
const waitsLongest = `${withFewest} ORDER BY head LIMIT 1`;
const cameLast = `${withFewest} ORDER BY head DESC LIMIT 1`;

type Waiting = Awaited<ReturnType<EventsPort['waiting']>>[number];

/** Conversations whose oldest queued event waits behind a running turn since before `before`. */
export function waitingSince(session: Session, before: number): readonly Waiting[] {
  return session
    .all<Waiting>(
      `SELECT queues.conversation, queues.chat, turns.id AS runningTurn,
         (SELECT count(*) FROM events
          WHERE events.conversation = queues.conversation AND status = 'queued' AND lane = 'turn'
            AND received_at < @before) AS count
       FROM queues JOIN turns ON turns.conversation = queues.conversation AND turns.status = 'running'
       WHERE queues.ready = 0 ORDER BY queues.head`,
      { before },
    )
    .filter((row) => row.count > 0);
}

type ForPlace = Awaited<ReturnType<EventsPort['waitingForPlace']>>[number];

export function waitingForPlace(
  session: Session,
  input: Parameters<EventsPort['waitingForPlace']>[0],
): readonly ForPlace[] {
  return session.all<ForPlace>(
    `SELECT queues.conversation, queues.chat, queues.head, coalesce(loads.due_at, 0) AS dueAt
     FROM queues INDEXED BY queues_longest JOIN events ON events.seq = queues.head
       LEFT JOIN loads ON loads.person = queues.person
     WHERE queues.ready = 1 AND events.received_at < @before ORDER BY queues.head LIMIT @limit + 0`,
    input,
  );
}
