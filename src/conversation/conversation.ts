import type { CommitNote } from '#core/store/store.ts';
import type { Turn } from '#core/turn.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';
import { type Recovery, createRecovery } from './recovery.ts';
import { type RunningTurns, createRunningTurn } from './running.ts';
import { bury, settleFailure } from './failure.ts';

export interface Conversations extends Worker {
  /** Rows changed: claims, lets messages join, interrupts, and stops the runs whose rows have ended. */
  onCommit(note: CommitNote): void;
  /** Looks once for work; for tests and the loop. True: look again at once. */
  tick(): Promise<boolean>;
  /** Waits until nothing runs or the signal aborts, then stops what still runs; its rows go on at the next boot. */
  drain(signal: AbortSignal): Promise<void>;
  runningCount(): number;
}

/** The station's parts, handed to its functions. */
export interface Station {
  readonly deps: ConversationDeps;
  readonly options: ConversationOptions;
  readonly running: RunningTurns;
  readonly recovery: Recovery;
  readonly wake: () => void;
  /** No new turns are started: the process is about to stop. */
  draining: boolean;
}

/** Claims made side by side share one commit. */
const claimsAtOnce = 4;
const pollMs = 500;

/**
 * inbox row → claim (one running turn per conversation, fair over people) → run → end | defer | dead letter
 *
 * Invariants: a turn runs in at most one place; what it does is in its rows, so a crash, a stop and a takeover need no
 * word between stations; a message that arrives meanwhile joins, steers, interrupts or waits, and is never dropped.
 */
export function createConversations(deps: ConversationDeps, options: ConversationOptions): Conversations {
  const onDefect = (error: unknown): void => deps.log.error('conversation.defect', { error });
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick: () => tick(station) });
  const running: RunningTurns = new Map();
  const station: Station = {
    deps,
    options,
    running,
    recovery: createRecovery(deps),
    wake: () => worker.wake(),
    draining: false,
  };
  return {
    ...worker,
    tick: () => tick(station),
    onCommit: (note) => onCommit(station, note),
    runningCount: () => running.size,
    drain: (signal) => drain(station, signal),
  };
}

async function tick(station: Station): Promise<boolean> {
  const { deps, options, recovery, running } = station;
  if (station.draining) return false;
  for (const turn of await recovery.next(options)) await runOrBury(station, turn);
  if (recovery.holdsOthersBack()) return false;
  for (const turn of await deps.turns.retryDue({ now: deps.clock.now() })) await runOrBury(station, turn);
  const free = options.maxRunning - running.size;
  const claims = await Promise.all(
    Array.from({ length: Math.min(free, claimsAtOnce) }, () => claimTurn(station)),
  );
  await noticeQueued(station);
  return claims.some((claimed) => claimed) && running.size < options.maxRunning;
}

/** One claim; false when there was nothing to claim. */
async function claimTurn(station: Station): Promise<boolean> {
  const { deps, options } = station;
  const now = deps.clock.now();
  const { staleHours } = options.settings();
  const claim = await deps.turns.claim({
    turn: deps.ids.turn(),
    now,
    maxRunning: options.maxRunning,
    maxPerPerson: options.maxPerPerson,
    maxEvents: options.maxEvents,
    maxChars: options.maxChars,
    staleBefore: now - staleHours * 3_600_000,
  });
  if (claim.type === 'turn') run(station, claim.turn);
  if (claim.type === 'stale') await deps.notices.stale(claim.question);
  return claim.type !== 'none';
}

/** A turn that crashed or threw before: over its limit of attempts it is given up, with a word to its person. */
async function runOrBury(station: Station, turn: Turn): Promise<void> {
  if (turn.attempts <= station.options.maxAttempts) return run(station, turn);
  await bury(station, turn, turn.reason ?? 'the process crashed while it ran');
  station.recovery.settled(turn.id);
}

function run(station: Station, turn: Turn): void {
  const { deps, options, running } = station;
  if (running.has(turn.id)) return;
  const joinUntil = turn.startedAt + options.settings().coalesceMs;
  const steers = async (): Promise<boolean> => (await modeOf(station, turn)) === 'steer';
  const entry = createRunningTurn({ turns: deps.turns, clock: deps.clock, steers }, turn, {
    maxEvents: options.maxEvents,
    maxChars: options.maxChars,
    joinUntil,
  });
  running.set(turn.id, entry);
  const endFeedback = deps.feedback.start(turn.chat);
  void deps
    .runTurn(entry.handle)
    .then(
      () => undefined,
      (error: unknown) => settleFailure(station, entry, error),
    )
    .finally(() => {
      endFeedback();
      running.delete(turn.id);
      deps.live.clear(turn.id);
      station.recovery.settled(turn.id);
      station.wake();
    });
}

function onCommit(station: Station, note: CommitNote): void {
  const { running, deps } = station;
  for (const turn of note.turns) {
    if (turn.status !== 'running') running.get(turn.id)?.stop();
  }
  for (const conversation of note.queued) {
    const entry = [...running.values()].find((candidate) => candidate.conversation === conversation);
    if (entry === undefined) continue;
    meet(station, entry.turn).catch((error: unknown) =>
      deps.log.error('turn.join-failed', { turn: entry.turn.id, error }),
    );
  }
  if (note.wake.includes('turns')) station.wake();
}

/** A message met a running turn of its conversation. `steer` is looked up by the turn itself at its next step. */
async function meet(station: Station, turn: Turn): Promise<void> {
  const { deps, options, running } = station;
  const entry = running.get(turn.id);
  if (entry === undefined) return;
  const inWindow = deps.clock.now() <= turn.startedAt + options.settings().coalesceMs;
  if (inWindow) return entry.join();
  if ((await modeOf(station, turn)) !== 'interrupt') return;
  const nothing = { steps: [], deliveries: [], settle: null, approvals: [], seal: false };
  const end = { status: 'cancelled', reason: 'interrupted by a newer message' } as const;
  await deps.turns.append({ turn: turn.id, at: deps.clock.now(), ...nothing, end });
}

async function modeOf(station: Station, turn: Turn): Promise<'queue' | 'steer' | 'interrupt'> {
  const conversation = await station.deps.conversations.get(turn.conversation);
  return conversation?.queueMode ?? station.options.settings().queue;
}

/** Whoever waits behind a running turn for a while is told so, once per running turn. */
async function noticeQueued(station: Station): Promise<void> {
  const { deps, options, running } = station;
  const before = deps.clock.now() - options.queuedNoticeMs;
  if (![...running.values()].some((entry) => entry.turn.startedAt <= before)) return;
  for (const waiting of await deps.events.waiting(before)) await deps.notices.queued(waiting);
}

async function drain(station: Station, signal: AbortSignal): Promise<void> {
  station.draining = true;
  while (station.running.size > 0 && !signal.aborted) await station.deps.clock.sleep(20, signal);
  for (const entry of station.running.values()) entry.stop();
  while (station.running.size > 0) await station.deps.clock.sleep(5);
}
