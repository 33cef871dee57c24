import { parseChatKey } from '#core/address.ts';
import type { Delivery, NewDelivery, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { IdsPort } from '#core/ids.ts';
import type { OutgoingFilesPort } from '#core/ports/media.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import type { RenderPort } from '#core/ports/render.ts';
import { type Calls, type Seen, createCalls } from './call.ts';
import { bodyToSend, composeInstead, composeNextDialect } from './compose.ts';
import { type Outcome, makesMessage, mayBeMade, mayRepeat, outcomeOf, tooOld } from './outcome.ts';
import { type Settle, type SettleDeps, createSettle, isCode } from './settle.ts';

export interface DeliverDeps extends SettleDeps {
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly render: RenderPort;
  readonly ids: IdsPort;
  readonly random: RandomPort;
  readonly files: Pick<OutgoingFilesPort, 'pathOf'>;
}

export interface Answered {
  readonly adapter: AdapterPort;
  readonly result: SendResult;
}

export interface DeliverOptions {
  /** The gateway ends: calls are cut, and what was not called yet goes back into the queue. */
  readonly stop: AbortSignal;
  readonly onAnswer: (row: Delivery, answered: Answered) => void;
}

/** Both take a row that says `sending` to the end of one call. Contract: they never reject. */
export interface Deliverer {
  deliver(row: Delivery): Promise<void>;
  /** A row that a crash left in mid-call: sent again by key, looked up, or sent again with the mark. */
  resume(row: Delivery): Promise<void>;
}

interface Station {
  readonly deps: DeliverDeps;
  readonly options: DeliverOptions;
  readonly calls: Calls;
  readonly settle: Settle;
}

interface Call {
  readonly adapter: AdapterPort;
  readonly outbound: OutboundDelivery;
}

const channelWaitMs = 60_000;

export function createDeliverer(deps: DeliverDeps, options: DeliverOptions): Deliverer {
  const { stop } = options;
  const station = { deps, options, calls: createCalls(deps, stop), settle: createSettle(deps, stop) };
  return {
    deliver: (row) => withoutDefect(station, row, deliver),
    resume: (row) => withoutDefect(station, row, resume),
  };
}

async function deliver(station: Station, row: Delivery): Promise<void> {
  const { deps, options, calls, settle } = station;
  const call = callFor(deps, row);
  if (call === null) return settle(row, channelMissing(deps, row));
  if (options.stop.aborted) return settle(row, again(deps, 'the gateway stopped before the call'));
  if (row.body.kind === 'delete' && row.targetPlatformId === null)
    return settle(row, { status: 'cancelled', reason: 'its message was never shown' });
  const late = tooOld(row, deps.clock.now());
  if (late !== null) return settle(row, late);
  const { adapter } = call;
  const result = await calls.send(adapter, call.outbound);
  options.onAnswer(row, { adapter, result });
  if (result.ok) return settle(row, { status: 'sent', platformId: result.platformId });
  const { error } = result;
  const replacements = replacementsFor(deps, row, { adapter, error });
  if (replacements.length > 0) {
    const reason = `${error.type}, sent in another way: ${error.reason}`;
    const repeated = error.type === 'permanent' && mayBeMade(row);
    return settle(row, { status: 'cancelled', reason, repeated }, replacements);
  }
  if (error.type === 'unknown') return settleUnknown(station, row, { ...call, reason: error.reason });
  return settle(row, failed(deps, row, { adapter, error }));
}

async function settleUnknown(
  station: Station,
  row: Delivery,
  lost: Call & { reason: string },
): Promise<void> {
  const { deps, settle } = station;
  const { adapter, reason } = lost;
  const seen = await lookUp(station, row, lost);
  switch (seen.found) {
    case 'cut':
      // It stays `sending`: the next boot looks it up.
      return;
    case 'sent':
      return settle(row, { status: 'sent', platformId: seen.platformId });
    case 'absent': {
      const error = { type: 'transient', reason: `${reason}; it had not arrived` } as const;
      return settle(row, failed(deps, row, { adapter, error }));
    }
    case 'unknown': {
      const error = { type: 'unknown', reason: `${reason}; ${seen.why}` } as const;
      return settle(row, failed(deps, row, { adapter, error }));
    }
  }
}

async function resume(station: Station, row: Delivery): Promise<void> {
  const { deps, settle } = station;
  const call = callFor(deps, row);
  const seen: Seen =
    call === null ? { found: 'unknown', why: 'no channel' } : await lookUp(station, row, call);
  if (seen.found === 'cut') return;
  if (seen.found === 'sent') return settle(row, { status: 'sent', platformId: seen.platformId });
  // No wait and no attempt: nothing has failed, the gateway was merely away.
  const semantics = call?.adapter.abilities.sendSemantics ?? 'blind';
  const repeated = seen.found === 'unknown' && mayRepeat(row, semantics);
  await settle(row, { ...again(deps, 'the gateway ended in mid-call'), repeated });
}

function callFor(deps: DeliverDeps, row: Delivery): Call | null {
  const { id, targetPlatformId } = row;
  const address = parseChatKey(row.chat);
  const adapter = address === null ? null : deps.adapter(address.channel);
  if (address === null || adapter === null) return null;
  const body = bodyToSend(row);
  const placed = body.kind === 'file' ? { ...body, path: deps.files.pathOf(body.path) } : body;
  return { adapter, outbound: { id, address, body: placed, targetPlatformId } };
}

/** Where the platform can be asked, it is asked. What is idempotent by nature is simply made again. */
async function lookUp({ calls }: Station, row: Delivery, { adapter, outbound }: Call): Promise<Seen> {
  const isAsked = adapter.abilities.sendSemantics === 'reconcilable' && makesMessage(row);
  return isAsked ? calls.lookUp(adapter, outbound) : { found: 'unknown', why: 'it may have arrived' };
}

interface Refusal {
  readonly adapter: AdapterPort;
  readonly error: SendError;
}

function replacementsFor(
  deps: DeliverDeps,
  row: Delivery,
  { adapter, error }: Refusal,
): readonly NewDelivery[] {
  if (error.type === 'format-refused') return composeNextDialect(deps, row, adapter.abilities);
  return error.type === 'permanent' ? composeInstead(deps, row) : [];
}

function failed({ clock, random }: DeliverDeps, row: Delivery, { adapter, error }: Refusal): Outcome {
  return outcomeOf(row, error, { now: clock.now(), semantics: adapter.abilities.sendSemantics, random });
}

/** A channel that is not configured now may be again: its rows wait, up to the usual end. */
function channelMissing({ clock, random }: DeliverDeps, row: Delivery): Outcome {
  const reason = 'its channel is not configured';
  const error = { type: 'rate-limited', retryAfterMs: channelWaitMs, reason } as const;
  return outcomeOf(row, error, { now: clock.now(), semantics: 'blind', random });
}

function again({ clock }: DeliverDeps, reason: string): Extract<Outcome, { status: 'queued' }> {
  return { status: 'queued', dueAt: clock.now(), countAttempt: false, repeated: false, reason };
}

/** A defect of ours counts as a lost answer. A row that cannot be settled stays `sending` for the next boot. */
async function withoutDefect(
  station: Station,
  row: Delivery,
  work: (station: Station, row: Delivery) => Promise<void>,
): Promise<void> {
  const { clock, log, random } = station.deps;
  try {
    await work(station, row);
  } catch (error) {
    if (isCode(error, 'fenced')) return log.info('delivery.fenced', { delivery: row.id });
    log.error('delivery.defect', { delivery: row.id, error });
    const lost = { type: 'unknown', reason: `defect: ${messageOf(error)}` } as const;
    const outcome = outcomeOf(row, lost, { now: clock.now(), semantics: 'blind', random });
    await station
      .settle(row, outcome)
      .catch((error: unknown) => log.error('delivery.unsettled', { delivery: row.id, error }));
  }
}
