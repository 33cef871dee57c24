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
  /** When this run began; an earlier run's time does not count. */
  readonly startedAt: number;
  /** All steps of the conversation, this turn's last. Grows as they are committed. */
  readonly steps: Step[];
}

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

export function turnSteps(moment: Moment): readonly Step[] {
  return moment.steps.filter((step) => step.turn === moment.run.turn.id);
}

export function turnReplies(moment: Moment): readonly Extract<StepBody, { kind: 'reply' }>[] {
  return turnSteps(moment).flatMap(({ body }) => (body.kind === 'reply' ? [body] : []));
}

export function isOutOfTime({ deps, options, startedAt }: Moment): boolean {
  return deps.clock.now() - startedAt >= options.maxTurnMs;
}

/** The tools that this person may see, sorted by name. */
export function visibleTools(moment: Moment): readonly Tool[] {
  const { deps, run } = moment;
  return deps.tools
    .filter((tool) => tool.roles.includes(run.turn.role))
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}
