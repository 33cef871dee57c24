import { TiroError } from '#core/errors.ts';
import type { TurnPlan } from '#core/store/events.ts';
import type { CommitNote } from '#core/store/store.ts';
import type { Turn } from '#core/turn.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';
import { type Recovery, createRecovery } from './recovery.ts';
import type { RunningTurn } from './running.ts';
import { type Waiting, createWaiting } from './waiting.ts';

export interface Conversations extends Worker {
  /** Rows changed: claims, lets messages join, interrupts, and stops the runs whose rows have ended. */
  onCommit(note: CommitNote): void;
  /** Looks once for work; for tests and the loop. True: look again at once. */
  tick(): Promise<boolean>;
  /** Waits until nothing runs or the signal aborts, then stops what still runs; its rows go on at the next boot. */
  drain(signal: AbortSignal): Promise<void>;
  runningCount(): number;
}

interface Station {
  readonly deps: ConversationDeps;
  readonly options: ConversationOptions;
  readonly attempts: Attempts;
  readonly recovery: Recovery;
  readonly waiting: Waiting;
  /** Claims that were made, to know which of them goes to who came last. */
  claims: number;
  /** Turns for which a message was stored in the very commit that started them: they were not running here yet. */
  readonly met: Set<TurnId>;
}

/** Claims made side by side share one commit. */
const claimsAtOnce = 4;
/**
 * One claim in so many goes to who came last, the others to who waits longest: after a downtime, when many wait for hours,
 * somebody new is not put behind all of them.
 */
const latestEvery = 4;
const pollMs = 500;
const guestShare = 5;

/**
 * inbox row → claim (one running turn per conversation, fair over people) → run → end | defer | dead letter
 *
 * Invariants: a turn runs in at most one place; what it does is in its rows, so a crash, a stop and a takeover need no
 * word between stations; a message that arrives meanwhile joins, steers, interrupts or waits, and is never dropped.
 */
export function createConversations(deps: ConversationDeps, options: ConversationOptions): Conversations {
  const onDefect = (error: unknown): void => deps.log.error('conversation.defect', { error });
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick: () => tick(station) });
  const recovery = createRecovery(deps);
  const onSettled = (turn: TurnId): void => {
    recovery.settled(turn);
    worker.wake();
  };
  const attempts = createAttempts(deps, options, onSettled);
  const station: Station = {
    deps,
    options,
    attempts,
    recovery,
    waiting: createWaiting(deps, options),
    claims: 0,
    met: new Set(),
  };
  return {
    ...worker,
    tick: () => tick(station),
    onCommit: (note) => {
      onCommit(station, note);
      if (note.wake.includes('turns')) worker.wake();
    },
    runningCount: () => attempts.running().length,
    drain: attempts.drain,
  };
}

async function tick(station: Station): Promise<boolean> {
  const { options, recovery, attempts, waiting } = station;
  if (attempts.draining()) return false;
  await waiting.askAgain();
  const busy = attempts.running().length > 0;
  for (const turn of await recovery.next(options, busy)) begin(station, turn);
  const more = recovery.holdsOthersBack() ? false : await beginMore(station);
  await waiting.tell();
  return more;
}

/** Turns whose time to be tried again has come, then new ones. True: there may be more. */
async function beginMore(station: Station): Promise<boolean> {
  const { deps, options, attempts } = station;
  for (const turn of await deps.turns.retryDue({ now: deps.clock.now() })) begin(station, turn);
  const free = options.maxRunning - attempts.running().length;
  const claims = await Promise.all(
    Array.from({ length: Math.min(free, claimsAtOnce) }, () => claimTurn(station)),
  );
  return claims.some((claimed) => claimed) && attempts.running().length < options.maxRunning;
}

/** One claim; false when there was nothing to claim. */
async function claimTurn(station: Station): Promise<boolean> {
  const { deps, options } = station;
  const now = deps.clock.now();
  const { staleHours, turnsPerMinute } = options.settings();
  station.claims += 1;
  const claim = await deps.turns.claim({
    turn: deps.ids.turn(),
    now,
    maxRunning: options.maxRunning,
    maxPerPerson: options.maxPerPerson,
    maxEvents: options.maxEvents,
    maxChars: options.maxChars(),
    staleBefore: now - staleHours * 3_600_000,
    latest: station.claims % latestEvery === 0,
    turnsPerMinute: limitsOf(turnsPerMinute),
  });
  if (claim.type === 'turn') begin(station, claim.turn);
  if (claim.type === 'stale') await station.waiting.ask(claim.question);
  return claim.type !== 'none';
}

/** The owner, and whoever comes with the owner's token, waits for nobody. */
function limitsOf(member: number): NonNullable<TurnPlan['turnsPerMinute']> {
  return { member, guest: Math.ceil(member / guestShare) };
}

function begin(station: Station, turn: Turn): void {
  station.attempts.start(turn);
  if (station.met.delete(turn.id)) meetSafely(station, turn.conversation);
}

function onCommit(station: Station, note: CommitNote): void {
  for (const turn of note.turns) {
    if (turn.status === 'running') continue;
    station.attempts.stop(turn.id);
    if (turn.status === 'cancelled') station.deps.notices.cancelled(turn);
  }
  for (const conversation of note.queued) {
    const begun = note.turns.find((turn) => turn.status === 'running' && turn.conversation === conversation);
    if (begun !== undefined && runningIn(station, conversation) === null) station.met.add(begun.id);
    else meetSafely(station, conversation);
  }
}

/** One that was stopped may take a while to end, and runs no more. */
function runningIn({ attempts }: Station, conversation: ConversationId): RunningTurn | null {
  const isHere = ({ turn, handle }: RunningTurn): boolean =>
    turn.conversation === conversation && !handle.signal.aborted;
  return attempts.running().find(isHere) ?? null;
}

function meetSafely(station: Station, conversation: ConversationId): void {
  const entry = runningIn(station, conversation);
  if (entry === null) return;
  meet(station, entry).catch((error: unknown) => {
    // It ended in the same moment: the message starts the next turn.
    if (error instanceof TiroError && error.code === 'fenced') return;
    station.deps.log.error('turn.join-failed', { turn: entry.turn.id, error });
  });
}

/** A message met a running turn of its conversation. `steer` is looked up by the turn itself at its next step. */
async function meet({ deps, options }: Station, entry: RunningTurn): Promise<void> {
  const { turn } = entry;
  const inWindow = deps.clock.now() <= turn.startedAt + options.settings().coalesceMs;
  if (inWindow && (await entry.join())) return;
  const conversation = await deps.conversations.get(turn.conversation);
  if ((conversation?.queueMode ?? options.settings().queue) !== 'interrupt') return;
  const nothing = { steps: [], deliveries: [], settle: null, approvals: [], seal: false };
  const end = { status: 'cancelled', reason: 'interrupted by a newer message' } as const;
  await deps.turns.append({ turn: turn.id, at: deps.clock.now(), ...nothing, end });
}
