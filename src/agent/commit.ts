import type { Append } from '#core/store/turns.ts';
import type { Moment } from './call-model.ts';

/** Appends to the turn and to the steps in memory, in that order: what is used is always a row first. */
export async function commit(moment: Moment, part: Partial<Omit<Append, 'turn' | 'at'>>): Promise<void> {
  const { deps, run, steps } = moment;
  const appended = await deps.turns.append({
    turn: run.turn.id,
    at: deps.clock.now(),
    steps: part.steps ?? [],
    deliveries: part.deliveries ?? [],
    settle: part.settle ?? null,
    approvals: part.approvals ?? [],
    seal: part.seal ?? false,
    end: part.end ?? null,
  });
  steps.push(...appended);
}
