import { parseChatKey } from '#core/address.ts';
import type { Delivery, NewDelivery, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { IdsPort } from '#core/ids.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { RenderPort } from '#core/ports/render.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { type Seen, createCalls } from './call.ts';
import { bodyToSend, composeInstead, composeNextDialect } from './compose.ts';
import { type Outcome, makesMessage, mayRepeat, outcomeOf } from './outcome.ts';

export interface DeliverDeps {
  readonly outbox: Pick<OutboxPort, 'settle'>;
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly render: RenderPort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly log: LogPort;
}

/** Both take a row that says `sending` to the end of one call. Contract: they never reject. */
export interface Deliverer {
  deliver(row: Delivery): Promise<void>;
  /** A row that a crash left in mid-call: sent again by key, looked up, or sent again with the mark. */
  resume(row: Delivery): Promise<void>;
}

export interface DeliverOptions {
  /** The gateway ends: calls are cut, and what could not be called goes back into the queue. */
  readonly stop: AbortSignal;
  readonly onAnswer: (row: Delivery, adapter: AdapterPort, result: SendResult) => void;
}

interface Call {
  readonly adapter: AdapterPort;
  readonly outbound: OutboundDelivery;
}

const channelWaitMs = 60_000;
const storeWaitMs = 1_000;

export function createDeliverer(deps: DeliverDeps, options: DeliverOptions): Deliverer {
  const { clock, log, random } = deps;
  const { stop } = options;
  const calls = createCalls(deps, stop);
  return {
    deliver: (row) => withoutDefect(row, () => deliver(row)),
    resume: (row) => withoutDefect(row, () => resume(row)),
  };

  async function deliver(row: Delivery): Promise<void> {
    const call = callFor(row);
    if (call === null) return settle(row, channelMissing(row));
    if (stop.aborted) return settle(row, again('the gateway stopped before the call'));
    if (row.body.kind === 'delete' && row.targetPlatformId === null)
      return settle(row, { status: 'cancelled', reason: 'its message was never shown' });
    const result = await calls.send(call.adapter, call.outbound);
    options.onAnswer(row, call.adapter, result);
    if (result.ok) return settle(row, { status: 'sent', platformId: result.platformId });
    const replacements = replacementsFor(row, call, result.error);
    if (replacements.length > 0) {
      const reason = `${result.error.type}, another one took its place: ${result.error.reason}`;
      return settle(row, { status: 'cancelled', reason }, replacements);
    }
    if (result.error.type !== 'unknown') return settle(row, failed(row, call, result.error));
    const seen = await lookUp(row, call);
    const { reason } = result.error;
    switch (seen.found) {
      case 'cut':
        return;
      case 'sent':
        return settle(row, { status: 'sent', platformId: seen.platformId });
      case 'absent':
        return settle(row, failed(row, call, { type: 'transient', reason: `${reason}; it had not arrived` }));
      case 'unknown':
        return settle(row, failed(row, call, { type: 'unknown', reason: `${reason}; ${seen.why}` }));
    }
  }

  async function resume(row: Delivery): Promise<void> {
    const call = callFor(row);
    const seen: Seen = call === null ? { found: 'unknown', why: 'no channel' } : await lookUp(row, call);
    if (seen.found === 'cut') return;
    if (seen.found === 'sent') return settle(row, { status: 'sent', platformId: seen.platformId });
    // No wait and no attempt: nothing has failed, the gateway was merely away.
    const semantics = call?.adapter.abilities.sendSemantics ?? 'blind';
    const repeated = seen.found === 'unknown' && mayRepeat(row, semantics);
    await settle(row, { ...again('the gateway stopped in mid-call'), repeated });
  }

  function callFor(row: Delivery): Call | null {
    const { id, targetPlatformId } = row;
    const address = parseChatKey(row.chat);
    const adapter = address === null ? null : deps.adapter(address.channel);
    if (address === null || adapter === null) return null;
    return { adapter, outbound: { id, address, body: bodyToSend(row), targetPlatformId } };
  }

  /** Where the platform can be asked, it is asked. What is idempotent by nature is simply made again. */
  async function lookUp(row: Delivery, { adapter, outbound }: Call): Promise<Seen> {
    const isAsked = adapter.abilities.sendSemantics === 'reconcilable' && makesMessage(row);
    return isAsked ? calls.lookUp(adapter, outbound) : { found: 'unknown', why: 'it may have arrived' };
  }

  function replacementsFor(row: Delivery, { adapter }: Call, error: SendError): readonly NewDelivery[] {
    if (error.type === 'format-refused') return composeNextDialect(deps, row, adapter.abilities);
    return error.type === 'permanent' ? composeInstead(deps, row) : [];
  }

  function failed(row: Delivery, { adapter }: Call, error: SendError): Outcome {
    const semantics = adapter.abilities.sendSemantics;
    return outcomeOf(row, error, { now: clock.now(), semantics, random });
  }

  /** A channel that is not configured now may be again: its rows wait, up to the usual end. */
  function channelMissing(row: Delivery): Outcome {
    const reason = 'its channel is not configured';
    const error = { type: 'rate-limited', retryAfterMs: channelWaitMs, reason } as const;
    return outcomeOf(row, error, { now: clock.now(), semantics: 'blind', random });
  }

  function again(reason: string): Extract<Outcome, { status: 'queued' }> {
    return { status: 'queued', dueAt: clock.now(), countAttempt: false, repeated: false, reason };
  }

  /** What the platform answered is known only here: a store that refuses writes for a while is waited for. */
  async function settle(
    row: Delivery,
    outcome: Outcome,
    replacements: readonly NewDelivery[] = [],
  ): Promise<void> {
    const { id, chat } = row;
    if (outcome.status === 'dead') log.warn('delivery.dead', { delivery: id, chat, reason: outcome.reason });
    for (;;) {
      try {
        return await deps.outbox.settle({ id, at: clock.now(), outcome, replacements });
      } catch (error) {
        if (stop.aborted || !isCode(error, 'store-unavailable')) throw error;
        log.warn('delivery.unsettled', { delivery: id, chat, error });
        await clock.sleep(storeWaitMs, stop);
      }
    }
  }

  /** A defect of ours counts as a lost answer. A row that cannot be settled stays `sending` for the next boot. */
  async function withoutDefect(row: Delivery, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isCode(error, 'fenced')) return log.info('delivery.fenced', { delivery: row.id });
      log.error('delivery.defect', { delivery: row.id, error });
      const lost = { type: 'unknown', reason: `defect: ${messageOf(error)}` } as const;
      const at = { now: clock.now(), semantics: 'blind', random } as const;
      await settle(row, outcomeOf(row, lost, at)).catch((error: unknown) =>
        log.error('delivery.unsettled', { delivery: row.id, error }),
      );
    }
  }
}

function isCode(error: unknown, code: TiroError['code']): boolean {
  return error instanceof TiroError && error.code === code;
}
