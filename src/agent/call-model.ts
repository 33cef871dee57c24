import type { SpendId } from '#core/ids.ts';
import type { ModelError, ModelReply, ModelRequest } from '#core/ports/model.ts';
import type { Reservation, SpendSettlement } from '#core/spend.ts';
import { projectContext } from './context/project.ts';
import { bytesPerToken } from './history.ts';
import { type Moment, visibleTools } from './moment.ts';
import { createShowing } from './showing.ts';

/** What a model call came to. Nothing of it is a row yet but the reservation. */
export type Called =
  | { readonly type: 'reply'; readonly reply: ModelReply; readonly settle: SpendSettlement }
  | {
      readonly type: 'error';
      readonly error: ModelError;
      readonly settle: SpendSettlement;
      /** Smaller shares of the window that were not tried yet. */
      readonly smaller: readonly number[];
    }
  | { readonly type: 'over-budget'; readonly over: Extract<Reservation, { ok: false }> }
  /** Messages joined while it ran: the call is made again with them. */
  | { readonly type: 'joined'; readonly settle: SpendSettlement }
  | { readonly type: 'stopped' };

/** Shares of its room that the history may fill, each tried when a larger one turned out too long. */
export const historyShares: readonly number[] = [1, 0.5, 0.25];

const leastResultChars = 500;
/** For results of tools that are not there any more. */
const defaultResultChars = 8_000;

/** project → reserve → call. The reservation is committed before the call leaves, so no money is spent unseen. */
export async function callModel(moment: Moment, shares: readonly number[]): Promise<Called> {
  const { deps, run } = moment;
  const joinSignal = run.joinSignal();
  const { request, smaller } = await buildRequest(moment, shares);
  const reserved = await reserve(moment, request);
  if (!reserved.ok) return { type: 'over-budget', over: reserved.over };
  const { id, model, upperUsd } = reserved;
  const showing = createShowing(deps, run);
  // What was cut off after it had begun to answer may be billed: each such try counts with its upper estimate.
  const lost = (): SpendSettlement => ({ id, model, costUsd: showing.begun() * upperUsd, usage: null });
  const settleLost = (): Promise<void> => deps.spend.settle({ ...lost(), at: deps.clock.now() });
  const signal = AbortSignal.any([run.signal, joinSignal]);
  const result = await deps.model.call(request, showing.hooks, signal).catch(async (error: unknown) => {
    await settleLost();
    throw error;
  });
  if (result.ok) {
    const broken = Math.max(0, showing.begun() - (result.reply.text === '' ? 0 : 1));
    return { type: 'reply', reply: result.reply, settle: settlementOf(id, result.reply, broken * upperUsd) };
  }
  if (run.signal.aborted) {
    // The turn may have ended by now, so no commit of its own can carry the settlement.
    await settleLost();
    return { type: 'stopped' };
  }
  if (joinSignal.aborted) return { type: 'joined', settle: lost() };
  return { type: 'error', error: result.error, settle: lost(), smaller };
}

type Reserved =
  | { readonly ok: true; readonly id: SpendId; readonly model: string; readonly upperUsd: number }
  | { readonly ok: false; readonly over: Extract<Reservation, { ok: false }> };

async function reserve({ deps, run, person }: Moment, request: ModelRequest): Promise<Reserved> {
  const { upperUsd } = deps.model.estimate(request);
  const now = deps.clock.now();
  const id = deps.ids.spend();
  const model = request.model ?? deps.model.names()[0] ?? 'unknown';
  const reservation = await deps.spend.reserve({
    spend: {
      id,
      turn: run.turn.id,
      conversation: run.turn.conversation,
      person: run.turn.person,
      purpose: 'turn',
      model,
      reservedUsd: upperUsd ?? 0,
      priced: upperUsd !== null,
    },
    limits: deps.limits(person, now),
    at: now,
  });
  return reservation.ok ? { ok: true, id, model, upperUsd: upperUsd ?? 0 } : { ok: false, over: reservation };
}

/** With the first share whose prompt fits by the model's own estimate, or with the last one. */
async function buildRequest(
  moment: Moment,
  shares: readonly number[],
): Promise<{ readonly request: ModelRequest; readonly smaller: readonly number[] }> {
  const { deps } = moment;
  const { frame, contextTokens } = await frameOf(moment);
  const fileChars = Math.min(moment.options.maxFileChars, Math.floor(contextTokens / 2));
  const fixedBytes = Buffer.byteLength(JSON.stringify([frame.messages, frame.tools]), 'utf8');
  const roomBytes = (contextTokens - frame.maxOutputTokens) * bytesPerToken - fixedBytes;
  for (const [index, share] of shares.entries()) {
    const request = fillFrame(moment, frame, { share, roomBytes, fileChars });
    const { promptTokens } = deps.model.estimate(request);
    const fits = promptTokens + request.maxOutputTokens <= contextTokens;
    if (fits || index === shares.length - 1) return { request, smaller: shares.slice(index + 1) };
  }
  throw new Error('A model call needs at least one share of the window.');
}

/** The request without its history. Its answer takes at most a quarter of the window: small models have small ones. */
async function frameOf(
  moment: Moment,
): Promise<{ readonly frame: ModelRequest; readonly contextTokens: number }> {
  const { deps, options, run, person, startedAt, movedAt } = moment;
  const conversation = await deps.conversations.get(run.turn.conversation);
  const { clock } = deps;
  const system = deps.systemPrompt({ owner: deps.directory.owner(), person, turn: run.turn });
  const frame: ModelRequest = {
    model: conversation?.model ?? null,
    messages: [{ role: 'system', content: system }],
    tools: visibleTools(moment).map((tool) => tool.spec),
    maxOutputTokens: options.maxOutputTokens,
    person: run.turn.person,
    lane: 'interactive',
    // An outage counts from the last step, or from this run: a turn that was down itself has waited for nobody.
    deadlineAt:
      Math.min(movedAt + options.outageMs, startedAt + options.maxTurnMs) + clock.now() - clock.elapsed(),
  };
  // The window does not depend on what is in it.
  const { contextTokens } = deps.model.estimate({ ...frame, messages: [], tools: [] });
  const quarter = Math.floor(contextTokens / 4);
  const maxOutputTokens = Math.max(1, Math.min(options.maxOutputTokens, quarter));
  return { frame: { ...frame, maxOutputTokens }, contextTokens };
}

function fillFrame(
  moment: Moment,
  frame: ModelRequest,
  room: { readonly share: number; readonly roomBytes: number; readonly fileChars: number },
): ModelRequest {
  const { deps, run, person, steps, isCut } = moment;
  const { share, roomBytes, fileChars } = room;
  const limitByTool = new Map(deps.tools.map((tool) => [tool.spec.name, tool.resultLimit]));
  const messages = projectContext(steps, {
    isCut,
    system: frame.messages[0]?.content ?? '',
    // A group's history reads the same whoever speaks.
    timezone: (run.turn.direct ? person : deps.directory.owner()).timezone,
    direct: run.turn.direct,
    resultLimit: (tool) => {
      const limit = limitByTool.get(tool) ?? defaultResultChars;
      return Math.min(limit, Math.max(leastResultChars, Math.floor(limit * share)));
    },
    fileLimit: Math.max(leastResultChars, Math.floor(fileChars * share)),
    budgetBytes: Math.floor(Math.max(0, roomBytes) * share),
  });
  return { ...frame, messages };
}

function settlementOf(id: SpendId, reply: ModelReply, brokenUsd: number): SpendSettlement {
  return { id, model: reply.model, costUsd: (reply.costUsd ?? 0) + brokenUsd, usage: reply.usage };
}
