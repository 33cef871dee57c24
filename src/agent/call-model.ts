import type { SpendId } from '#core/ids.ts';
import type { Person } from '#core/person.ts';
import type { ModelError, ModelReply, ModelRequest } from '#core/ports/model.ts';
import type { Reservation, SpendSettlement } from '#core/spend.ts';
import type { Step } from '#core/step.ts';
import type { AgentDeps, AgentOptions, TurnRun } from './deps.ts';
import { projectContext } from './project.ts';
import { createShowing } from './showing.ts';

/** What a model call came to. Nothing of it is a row yet but the reservation. */
export type Called =
  | { readonly type: 'reply'; readonly reply: ModelReply; readonly settle: SpendSettlement }
  | { readonly type: 'error'; readonly error: ModelError; readonly settle: SpendSettlement }
  | { readonly type: 'over-budget'; readonly over: Extract<Reservation, { ok: false }> }
  /** Messages joined while it ran: the call is made again with them. */
  | { readonly type: 'joined'; readonly settle: SpendSettlement }
  | { readonly type: 'stopped' };

export interface Moment {
  readonly deps: AgentDeps;
  readonly options: AgentOptions;
  readonly run: TurnRun;
  readonly person: Person;
  /** All steps of the conversation, this turn's last. Grows as they are committed. */
  readonly steps: Step[];
}

/** Characters of prompt per token, for the budget of the history. The model's own estimate decides what is paid. */
const charsPerToken = 4;

/** project → reserve → call. The reservation is committed before the call leaves, so no money is spent unseen. */
export async function callModel(moment: Moment, budgetShare: number): Promise<Called> {
  const { deps, run } = moment;
  const joinSignal = run.joinSignal();
  const request = await buildRequest(moment, budgetShare);
  const estimate = deps.model.estimate(request);
  const now = deps.clock.now();
  const id = deps.ids.spend();
  const reservation = await deps.spend.reserve({
    spend: {
      id,
      turn: run.turn.id,
      conversation: run.turn.conversation,
      person: run.turn.person,
      purpose: 'turn',
      model: request.model ?? deps.model.names()[0] ?? 'unknown',
      reservedUsd: estimate.upperUsd ?? 0,
      priced: estimate.upperUsd !== null,
    },
    limits: deps.limits(moment.person, now),
    at: now,
  });
  if (!reservation.ok) return { type: 'over-budget', over: reservation };
  const showing = createShowing(deps, run);
  const signal = AbortSignal.any([run.signal, joinSignal]);
  const result = await deps.model.call(request, showing.hooks, signal);
  if (result.ok) return { type: 'reply', reply: result.reply, settle: settlementOf(id, result.reply) };
  if (run.signal.aborted) return { type: 'stopped' };
  // What was cut off after it had begun to answer may be billed: it counts with its upper estimate.
  const costUsd = showing.began() ? (estimate.upperUsd ?? 0) : 0;
  const settle: SpendSettlement = { id, model: request.model ?? '', costUsd, usage: null };
  if (joinSignal.aborted) return { type: 'joined', settle };
  return { type: 'error', error: result.error, settle };
}

async function buildRequest(moment: Moment, budgetShare: number): Promise<ModelRequest> {
  const { deps, options, run, person, steps } = moment;
  const conversation = await deps.conversations.get(run.turn.conversation);
  const limitByTool = new Map(deps.tools.map((tool) => [tool.spec.name, tool.resultLimit]));
  const base: ModelRequest = {
    model: conversation?.model ?? null,
    messages: [],
    tools: visibleTools(moment).map((tool) => tool.spec),
    maxOutputTokens: options.maxOutputTokens,
    person: run.turn.person,
    lane: 'interactive',
    deadlineAt: (steps.at(-1)?.at ?? deps.clock.now()) + options.outageMs,
  };
  const { contextTokens } = deps.model.estimate(base);
  const messages = projectContext(steps, {
    system: deps.systemPrompt({ owner: deps.directory.owner(), person, turn: run.turn }),
    timezone: person.timezone,
    direct: run.turn.direct,
    resultLimit: (tool) => limitByTool.get(tool) ?? 8_000,
    budgetChars: Math.floor((contextTokens - options.maxOutputTokens) * charsPerToken * budgetShare),
  });
  return { ...base, messages };
}

export function visibleTools(moment: Moment): AgentDeps['tools'] {
  const { deps, run } = moment;
  return deps.tools
    .filter((tool) => tool.roles.includes(run.turn.role))
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}

function settlementOf(id: SpendId, reply: ModelReply): SpendSettlement {
  return { id, model: reply.model, costUsd: reply.costUsd ?? 0, usage: reply.usage };
}
