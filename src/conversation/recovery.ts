import type { TurnId } from '#core/ids.ts';
import type { Turn } from '#core/turn.ts';
import type { ConversationDeps, ConversationOptions } from './deps.ts';

export interface Recovery {
  /** Turns of earlier boots that go on now. All at the first call; one at a time after two crashes in a row. */
  next(options: Pick<ConversationOptions, 'soloMs'>): Promise<readonly Turn[]>;
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

/**
 * orphans of the last boot → resume (the attempt is written first) → run → settled → healthy
 *
 * A turn is charged with a crash only when it ran alone (the store takes the attempt back otherwise), so a poisoned turn
 * runs into its limit of attempts and the innocent ones beside it do not.
 */
export function createRecovery(deps: ConversationDeps): Recovery {
  let orphans: Turn[] | null = null;
  let solo = false;
  let doublings = 0;
  let healthy = false;
  const pending = new Set<TurnId>();
  let soloTurn: { readonly id: TurnId; readonly since: number } | null = null;
  return { next, holdsOthersBack: () => solo && (soloTurn !== null || (orphans?.length ?? 0) > 0), settled };

  async function next({ soloMs }: Pick<ConversationOptions, 'soloMs'>): Promise<readonly Turn[]> {
    orphans ??= await find();
    const aloneMs = soloMs * 2 ** doublings;
    if (soloTurn !== null && deps.clock.now() - soloTurn.since >= aloneMs) soloTurn = null;
    if (solo && soloTurn !== null) return [];
    const turns = await resume(solo ? orphans.slice(0, 1) : orphans);
    const [first] = turns;
    if (solo && first !== undefined) soloTurn = { id: first.id, since: deps.clock.now() };
    await declareHealthy();
    return turns;
  }

  /** A turn that could not be taken over stays an orphan and is tried again at the next look. */
  async function resume(batch: readonly Turn[]): Promise<readonly Turn[]> {
    const results = await Promise.allSettled(
      batch.map(({ id }) => deps.turns.resume({ turn: id, solo, at: deps.clock.now() })),
    );
    const taken = new Set(batch.filter((_, index) => results[index]?.status === 'fulfilled'));
    orphans = (orphans ?? []).filter((turn) => !taken.has(turn));
    const turns = results.flatMap((one) =>
      one.status === 'fulfilled' && one.value !== null ? [one.value] : [],
    );
    for (const turn of turns) pending.add(turn.id);
    const refused = results.find((one) => one.status === 'rejected');
    if (refused !== undefined && turns.length === 0) throw refused.reason;
    return turns;
  }

  async function find(): Promise<Turn[]> {
    const found = [...(await deps.turns.orphans())];
    const { crashStreak } = await deps.boots.current();
    solo = crashStreak >= streakBeforeSolo && found.length > 0;
    doublings = Math.min(Math.max(0, crashStreak - streakBeforeSolo), mostDoublings);
    if (found.length > 0) deps.log.info('turn.resuming', { turns: found.length, solo, crashStreak });
    return found;
  }

  function settled(turn: TurnId): void {
    pending.delete(turn);
    if (soloTurn?.id === turn) soloTurn = null;
  }

  async function declareHealthy(): Promise<void> {
    if (healthy || pending.size > 0 || (orphans?.length ?? 0) > 0) return;
    await deps.boots.healthy();
    healthy = true;
    solo = false;
  }
}
