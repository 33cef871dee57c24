import type { Person } from '#core/person.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { Append } from '#core/store/turns.ts';
import type { Tool } from '#core/tool.ts';
import type { TurnRun } from '#core/ports/turn-run.ts';
import type { AgentDeps, AgentOptions } from './deps.ts';

/** A run of a turn between two commits: what it works with and what is a row so far. */
export interface Moment {
  readonly deps: AgentDeps;
  readonly options: AgentOptions;
  readonly run: TurnRun;
  readonly person: Person;
  /** When this run began, by `clock.elapsed()`; an earlier run's time does not count. */
  readonly startedAt: number;
  /** When a step was last added in this run, by `clock.elapsed()`. */
  movedAt: number;
  /** The conversation's steps, this turn's last, or the latest of them. Grows as they are committed. */
  readonly steps: Step[];
  /** There are older steps. */
  readonly isCut: boolean;
}

/** Appends to the turn and to the steps in memory, in that order: what is used is always a row first. */
export async function commit(moment: Moment, part: Partial<Omit<Append, 'turn' | 'at'>>): Promise<void> {
  const { deps, run } = moment;
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
  addSteps(moment, appended);
}

export function addSteps(moment: Moment, steps: readonly Step[]): void {
  if (steps.length > 0) moment.movedAt = moment.deps.clock.elapsed();
  moment.steps.push(...steps);
}

export function turnSteps(moment: Moment): readonly Step[] {
  return moment.steps.filter((step) => step.turn === moment.run.turn.id);
}

export function turnReplies(moment: Moment): readonly Extract<StepBody, { kind: 'reply' }>[] {
  return turnSteps(moment).flatMap(({ body }) => (body.kind === 'reply' ? [body] : []));
}

export function isOutOfTime({ deps, options, startedAt }: Moment): boolean {
  return deps.clock.elapsed() - startedAt >= options.maxTurnMs;
}

/** The tools that this person may see, sorted by name. */
export function visibleTools(moment: Moment): readonly Tool[] {
  const { deps, run } = moment;
  return deps.tools
    .filter((tool) => tool.roles.includes(run.turn.role))
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}
