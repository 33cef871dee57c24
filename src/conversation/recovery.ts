import type { TurnId } from '#core/ids.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { Turn } from '#core/turn.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';

export interface Recovery {
  /**
   * Turns of earlier boots that go on now. All at the first call; one at a time after two crashes in a row. One that rested
   * waits for those that began meanwhile (`busy`), for a while.
   */
  next(options: Limits, busy: boolean): Promise<readonly Turn[]>;
  /** A turn may be the one that kills the process: nothing else runs beside it. */
  holdsOthersBack(): boolean;
  settled(turn: TurnId): void;
}

/**
 * After two crashes in a row the turns that were running go on one at a time, so that the guilty one is found. The first
 * of the two ended a healthy boot, so it is not in the store's streak.
 */
const streakBeforeSolo = 1;
/** Each further crash doubles the time alone, up to eight times: what kills only after a while is found as well. */
const mostDoublings = 3;
/** So long after a start a turn that was charged once is left alone; twice as long after each further charge. */
const firstRestMs = 1_000;

type Limits = Pick<ConversationOptions, 'soloMs' | 'maxAttempts'>;

/**
 * orphans of the last boot → resume (the attempt is written first) → run → settled → healthy
 *
 * A turn is charged with a crash only when it ran alone (the store takes the attempt back otherwise), so a poisoned turn
 * runs into its limit of attempts and the innocent ones beside it do not. One that was charged rests before it is tried
 * again, and others go on meanwhile: whoever kills a gateway from outside as soon as it is ready does not get it buried.
 */
export function createRecovery(deps: ConversationDeps): Recovery {
  const pending = new Set<TurnId>();
  const alone = createAlone(deps.clock);
  let orphans: readonly Turn[] | null = null;
  let solo = false;
  let doublings = 0;
  let healthy = false;
  let resting = false;
  const bootedAt = deps.clock.elapsed();
  return { next, holdsOthersBack, settled };

  function holdsOthersBack(): boolean {
    return solo && (alone.runs() || ((orphans?.length ?? 0) > 0 && !resting));
  }

  async function next({ soloMs, maxAttempts }: Limits, busy: boolean): Promise<readonly Turn[]> {
    orphans ??= await find();
    alone.endAfter(soloMs * 2 ** doublings);
    if (solo && alone.runs()) return [];
    const sinceRestMs = deps.clock.elapsed() - bootedAt - restOf(orphans[0], maxAttempts);
    const rests = restOf(orphans[0], maxAttempts) > 0;
    resting = solo && rests && sinceRestMs < 0;
    if (resting || (solo && rests && busy && sinceRestMs < soloMs)) return [];
    const { turns, left } = await resumeAll(deps, orphans, solo);
    orphans = left;
    for (const turn of turns) pending.add(turn.id);
    const [first] = turns;
    if (solo && first !== undefined) alone.start(first.id);
    await declareHealthy();
    return turns;
  }

  async function find(): Promise<readonly Turn[]> {
    const found = await deps.turns.orphans();
    const { crashStreak } = await deps.boots.current();
    solo = crashStreak >= streakBeforeSolo && found.length > 0;
    doublings = Math.min(Math.max(0, crashStreak - streakBeforeSolo), mostDoublings);
    if (found.length > 0) deps.log.info('turn.resuming', { turns: found.length, solo, crashStreak });
    return found.toSorted((a, b) => a.attempts - b.attempts);
  }

  function settled(turn: TurnId): void {
    pending.delete(turn);
    alone.settled(turn);
  }

  async function declareHealthy(): Promise<void> {
    if (healthy || pending.size > 0 || (orphans?.length ?? 0) > 0) return;
    await deps.boots.healthy();
    healthy = true;
    solo = false;
  }
}

/** One whose attempts are used up rests no longer: it is given up at once. */
function restOf(turn: Turn | undefined, maxAttempts: number): number {
  if (turn === undefined || turn.attempts < 2 || turn.attempts >= maxAttempts) return 0;
  return firstRestMs * 2 ** (turn.attempts - 2);
}

/** Takes over all orphans, or only the first. What the store refused is left and tried again at the next look. */
async function resumeAll(
  { turns, clock }: ConversationDeps,
  orphans: readonly Turn[],
  solo: boolean,
): Promise<{ readonly turns: readonly Turn[]; readonly left: readonly Turn[] }> {
  const batch = solo ? orphans.slice(0, 1) : orphans;
  const results = await Promise.allSettled(
    batch.map(({ id }) => turns.resume({ turn: id, solo, at: clock.now() })),
  );
  const refused = results.find((one) => one.status === 'rejected');
  const resumed = results.flatMap((one) =>
    one.status === 'fulfilled' && one.value !== null ? [one.value] : [],
  );
  if (refused !== undefined && resumed.length === 0) throw refused.reason;
  const taken = new Set(batch.filter((_, index) => results[index]?.status === 'fulfilled'));
  return { turns: resumed, left: orphans.filter((turn) => !taken.has(turn)) };
}

/** The turn that runs alone, until it settles or its time is over. */
function createAlone(clock: ClockPort): {
  readonly start: (turn: TurnId) => void;
  readonly settled: (turn: TurnId) => void;
  readonly endAfter: (ms: number) => void;
  readonly runs: () => boolean;
} {
  let alone: { readonly turn: TurnId; readonly since: number } | null = null;
  return {
    start: (turn) => {
      alone = { turn, since: clock.elapsed() };
    },
    settled: (turn) => {
      if (alone?.turn === turn) alone = null;
    },
    endAfter: (ms) => {
      if (alone !== null && clock.elapsed() - alone.since >= ms) alone = null;
    },
    runs: () => alone !== null,
  };
}
