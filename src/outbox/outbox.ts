import { parseChatKey } from '#core/address.ts';
import type { Delivery, DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { IdsPort } from '#core/ids.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { RenderPort } from '#core/ports/render.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { composeNextDialect, repeatedMark } from './compose.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type Pace, createPace } from './pace.ts';

export interface OutboxDeps {
  readonly outbox: Pick<OutboxPort, 'claim' | 'settle' | 'interrupted'>;
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly render: RenderPort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly log: LogPort;
}

export interface Outbox extends Worker {
  /** Starts what is due and returns before it has ended. True: there may be more. */
  tick(): Promise<boolean>;
  /** Waits for the calls in flight; those still open when the signal aborts are cut off and settle as unknown. */
  drain(signal: AbortSignal): Promise<void>;
}

interface Station {
  readonly deps: OutboxDeps;
  readonly breaker: Breaker;
  readonly pace: Pace;
  readonly inFlight: Map<string, Promise<void>>;
  readonly stopper: AbortController;
  readonly wake: () => void;
  recovered: boolean;
}

const maxInFlight = 64;
const pollMs = 250;

/**
 * outbox row → claim (`sending` is committed) → one platform call → sent | queued again | dead | next dialect
 *
 * Invariants: in order per chat; a call is never made without its row saying `sending`, so a crash in mid-call is seen by
 * the next boot and handled by the channel's `sendSemantics`; channels do not wait for each other.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const onDefect = (error: unknown): void => deps.log.error('outbox.defect', { error });
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick: () => tick(station) });
  const station: Station = {
    deps,
    breaker: createBreaker(deps.clock),
    pace: createPace(deps.clock),
    inFlight: new Map(),
    stopper: new AbortController(),
    wake: () => worker.wake(),
    recovered: false,
  };
  return { ...worker, tick: () => tick(station), drain: (signal) => drain(station, signal) };
}

async function tick(station: Station): Promise<boolean> {
  const { deps, breaker, pace, inFlight } = station;
  if (station.stopper.signal.aborted) return false;
  if (!station.recovered) await recover(station);
  const now = deps.clock.now();
  const limit = breaker.probing(now) ? 1 : maxInFlight - inFlight.size;
  if (limit <= 0) return false;
  const pausedChats = pace.pausedChats(now);
  const rows = await deps.outbox.claim({ now, limit, pausedChannels: breaker.resting(now), pausedChats });
  for (const row of rows) launch(station, row);
  return rows.length === limit && limit > 1;
}

function launch(station: Station, row: Delivery): void {
  const { deps, inFlight } = station;
  const done = deliver(station, row)
    .catch((error: unknown) => reportDefect(deps.log, row, error))
    .finally(() => {
      inFlight.delete(row.id);
      station.wake();
    });
  inFlight.set(row.id, done);
}

function reportDefect(log: LogPort, row: Delivery, error: unknown): void {
  // The row stays `sending`: the next boot finds it interrupted and decides by the channel's semantics.
  if (error instanceof TiroError && error.code === 'fenced')
    log.info('delivery.fenced', { delivery: row.id });
  else log.error('delivery.defect', { delivery: row.id, error });
}

async function deliver(station: Station, row: Delivery): Promise<void> {
  const { deps, breaker, pace } = station;
  const address = parseChatKey(row.chat);
  const adapter = address === null ? null : deps.adapter(address.channel);
  if (address === null || adapter === null)
    return settle(station, row, channelMissing(row, deps.clock.now()));
  const outbound: OutboundDelivery = {
    id: row.id,
    address,
    body: bodyToSend(row),
    targetPlatformId: row.targetPlatformId,
  };
  const result = await sendSafely(adapter, outbound, station.stopper.signal);
  pace.sent(row.chat, adapter.abilities.sendEveryMs);
  if (result.ok) breaker.succeeded(adapter.name);
  else if (result.error.type === 'transient' || result.error.type === 'unknown') breaker.failed(adapter.name);
  await settleResult(station, row, { result, adapter, outbound });
}

/** An adapter that throws broke its contract; whether its call left is not known. */
async function sendSafely(
  adapter: AdapterPort,
  outbound: OutboundDelivery,
  signal: AbortSignal,
): Promise<SendResult> {
  try {
    return await adapter.send(outbound, signal);
  } catch (error) {
    return {
      ok: false,
      error: { type: 'unknown', reason: `the ${adapter.name} adapter failed: ${String(error)}` },
    };
  }
}

interface Attempt {
  readonly result: SendResult;
  readonly adapter: AdapterPort;
  readonly outbound: OutboundDelivery;
}

async function settleResult(station: Station, row: Delivery, attempt: Attempt): Promise<void> {
  const { deps } = station;
  const { result, adapter, outbound } = attempt;
  if (result.ok) return settle(station, row, { status: 'sent', platformId: result.platformId });
  if (result.error.type === 'format-refused') {
    const replacements = composeNextDialect(deps, row, adapter.abilities);
    if (replacements.length > 0) {
      const reason = `format refused, sent in the next dialect: ${result.error.reason}`;
      const outcome = { status: 'cancelled', reason } as const;
      return deps.outbox.settle({ id: row.id, at: deps.clock.now(), outcome, replacements });
    }
  }
  if (result.error.type === 'unknown')
    return settle(station, row, await lookUp(station, row, { adapter, outbound }));
  const semantics = adapter.abilities.sendSemantics;
  return settle(
    station,
    row,
    outcomeOf(row, result.error, { now: deps.clock.now(), semantics, random: deps.random }),
  );
}

/** The answer of a call was lost. Where the platform can be asked, it is asked; else the next try carries the mark. */
async function lookUp(station: Station, row: Delivery, call: Omit<Attempt, 'result'>): Promise<Outcome> {
  const { deps } = station;
  const { adapter, outbound } = call;
  const at = { now: deps.clock.now(), semantics: adapter.abilities.sendSemantics, random: deps.random };
  const lost = { type: 'unknown', reason: 'the answer of the platform was lost' } as const;
  if (adapter.abilities.sendSemantics !== 'reconcilable' || adapter.lookup === undefined)
    return outcomeOf(row, lost, at);
  const seen = await adapter.lookup(outbound);
  if (seen.found === 'sent') return { status: 'sent', platformId: seen.platformId };
  if (seen.found === 'absent') return outcomeOf(row, { type: 'transient', reason: 'it had not arrived' }, at);
  return outcomeOf(row, lost, at);
}

/** Rows that a crash left in mid-call: sent again by key, looked up, or sent again with the mark. */
async function recover(station: Station): Promise<void> {
  const { deps } = station;
  for (const row of await deps.outbox.interrupted()) {
    const address = parseChatKey(row.chat);
    const adapter = address === null ? null : deps.adapter(address.channel);
    if (address === null || adapter === null) {
      await settle(station, row, channelMissing(row, deps.clock.now()));
      continue;
    }
    const outbound = { id: row.id, address, body: bodyToSend(row), targetPlatformId: row.targetPlatformId };
    const outcome = await lookUp(station, row, { adapter, outbound });
    // No wait: nothing has failed, the gateway was merely away.
    await settle(
      station,
      row,
      outcome.status === 'queued' ? { ...outcome, dueAt: deps.clock.now() } : outcome,
    );
  }
  station.recovered = true;
}

/** A channel that is not configured now may be again: its rows wait, up to the usual end. */
function channelMissing(row: Delivery, now: number): Outcome {
  const error = {
    type: 'rate-limited',
    retryAfterMs: 60_000,
    reason: 'its channel is not configured',
  } as const;
  return outcomeOf(row, error, { now, semantics: 'blind', random: { next: () => 0.5 } });
}

async function settle(station: Station, row: Delivery, outcome: Outcome): Promise<void> {
  const { deps } = station;
  if (outcome.status === 'dead') {
    deps.log.warn('delivery.dead', { delivery: row.id, chat: row.chat, reason: outcome.reason });
  }
  await deps.outbox.settle({ id: row.id, at: deps.clock.now(), outcome, replacements: [] });
}

/** An edit whose target never reached the platform says the same as a new message; a repeat carries the mark. */
function bodyToSend(row: Delivery): DeliveryBody {
  const { body } = row;
  const shown: DeliveryBody =
    body.kind === 'edit' && row.targetPlatformId === null
      ? {
          kind: 'message',
          replyTo: null,
          markdown: body.markdown,
          text: body.text,
          dialect: body.dialect,
          buttons: body.buttons,
        }
      : body;
  if (!row.repeated) return shown;
  if (shown.kind === 'message' || shown.kind === 'edit')
    return { ...shown, text: `${shown.text}\n${repeatedMark}` };
  return shown.kind === 'file' ? { ...shown, caption: `${shown.caption}\n${repeatedMark}`.trim() } : shown;
}

async function drain(station: Station, signal: AbortSignal): Promise<void> {
  const all = Promise.all(station.inFlight.values()).then(() => undefined);
  const cut = (): void => station.stopper.abort();
  if (signal.aborted) cut();
  else signal.addEventListener('abort', cut, { once: true });
  await all;
  cut();
}
