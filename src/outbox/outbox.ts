import type { Delivery } from '#core/delivery.ts';
import type { DeliveryId } from '#core/ids.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import { createInOrder } from '#lib/in-order.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Answered, type DeliverDeps, type Deliverer, createDeliverer } from './deliver.ts';
import { type Pace, createPace } from './pace.ts';

export interface OutboxDeps extends DeliverDeps {
  readonly outbox: Pick<OutboxPort, 'claim' | 'settle' | 'interrupted'>;
}

export interface Outbox extends Worker {
  /** Starts what is due and returns before it has ended. True: there may be more. */
  tick(): Promise<boolean>;
  /**
   * Sends what is due and waits for the calls in flight, until the signal aborts: those still open then are cut off and
   * end as unknown. Nothing is sent afterwards. Never rejects.
   */
  drain(signal: AbortSignal): Promise<void>;
}

interface Station {
  readonly deps: OutboxDeps;
  readonly breaker: Breaker;
  readonly pace: Pace;
  readonly deliverer: Deliverer;
  readonly inFlight: Map<DeliveryId, { readonly channel: string; readonly done: Promise<void> }>;
  /** The delivery that tries a channel after its rest. */
  readonly probes: Map<string, DeliveryId>;
  readonly stopper: AbortController;
  readonly wake: () => void;
  recovered: boolean;
  draining: boolean;
}

/** Per channel, so that one whose calls all hang leaves the others their room; a claim may go over it once. */
const roomOfChannel = 32;
const pollMs = 250;

/**
 * outbox row → claim (`sending` is committed) → one platform call → sent | queued again | dead | next dialect
 *
 * Invariants: in order per chat; a call is never made without its row saying `sending`, so a crash in mid-call is seen by
 * the next boot and handled by the channel's `sendSemantics`; channels do not wait for each other.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const onDefect = (error: unknown): void => deps.log.error('outbox.defect', { error });
  const inOrder = createInOrder();
  const tick = (): Promise<boolean> => inOrder(() => tickStation(station));
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick });
  const stopper = new AbortController();
  const [breaker, pace] = [createBreaker(deps.clock), createPace(deps.clock)];
  const station: Station = {
    deps,
    breaker,
    pace,
    deliverer: createDeliverer(deps, {
      stop: stopper.signal,
      onAnswer: (row, answered) => learn(station, row, answered),
    }),
    inFlight: new Map(),
    probes: new Map(),
    stopper,
    wake: () => worker.wake(),
    recovered: false,
    draining: false,
  };
  return { ...worker, tick, drain: (signal) => drain(station, signal, { tick, onDefect }) };
}

async function tickStation(station: Station): Promise<boolean> {
  const { deps, breaker, inFlight, probes, stopper } = station;
  if (stopper.signal.aborted) return false;
  if (!station.recovered) await recover(station);
  const now = deps.clock.elapsed();
  const probing = breaker.probing(now);
  const paused = [...breaker.resting(now), ...fullChannels(station)];
  let more = await claim(station, { limit: roomOfChannel, pausedChannels: [...paused, ...probing] });
  for (const channel of probing) {
    const probe = probes.get(channel);
    if (probe !== undefined && inFlight.has(probe)) continue;
    const others = probing.filter((other) => other !== channel);
    more = (await claim(station, { limit: 1, pausedChannels: [...paused, ...others] })) || more;
  }
  return more;
}

/** True: it took something, there may be more. */
async function claim(
  station: Station,
  which: { readonly limit: number; readonly pausedChannels: readonly string[] },
): Promise<boolean> {
  const { deps, pace, deliverer, probes } = station;
  const now = deps.clock.elapsed();
  // On the way out the pace is left to the platform: it says so when it minds.
  const pausedChats = station.draining ? [] : pace.pausedChats(now);
  const rows = await deps.outbox.claim({ now: deps.clock.now(), pausedChats, ...which });
  for (const row of rows) {
    if (station.breaker.probing(now).includes(channelOf(row))) probes.set(channelOf(row), row.id);
    launch(station, row, deliverer.deliver(row));
  }
  return rows.length > 0;
}

function fullChannels({ inFlight }: Station): readonly string[] {
  const counts = Map.groupBy(inFlight.values(), ({ channel }) => channel);
  return [...counts].filter(([, calls]) => calls.length >= roomOfChannel).map(([channel]) => channel);
}

async function recover(station: Station): Promise<void> {
  for (const row of await station.deps.outbox.interrupted())
    launch(station, row, station.deliverer.resume(row));
  station.recovered = true;
}

function launch({ inFlight, wake }: Station, row: Delivery, work: Promise<void>): void {
  const done = work.finally(() => {
    inFlight.delete(row.id);
    wake();
  });
  inFlight.set(row.id, { channel: channelOf(row), done });
}

/** What an answer says about its channel. Every one that came shows that the platform is there. */
function learn({ deps, breaker, pace, wake }: Station, row: Delivery, { adapter, result }: Answered): void {
  const { sendEveryMs, editEveryMs } = adapter.abilities;
  // What follows a preview's edit is most often the next edit of the same message.
  const everyMs = row.preview && row.body.kind === 'edit' ? Math.max(sendEveryMs, editEveryMs) : sendEveryMs;
  pace.sent(row.chat, everyMs);
  if (everyMs > 0) deps.clock.after(everyMs, wake);
  const isLost = !result.ok && (result.error.type === 'transient' || result.error.type === 'unknown');
  if (isLost) breaker.failed(adapter.name);
  else breaker.succeeded(adapter.name);
}

function channelOf({ chat }: Delivery): string {
  return chat.slice(0, chat.indexOf(':'));
}

interface Loop {
  readonly tick: () => Promise<boolean>;
  readonly onDefect: (error: unknown) => void;
}

async function drain(station: Station, signal: AbortSignal, { tick, onDefect }: Loop): Promise<void> {
  const { inFlight, stopper } = station;
  const open = (): Promise<void>[] => [...inFlight.values()].map(({ done }) => done);
  const cut = (): void => stopper.abort();
  station.draining = true;
  if (signal.aborted) cut();
  else signal.addEventListener('abort', cut, { once: true });
  try {
    for (let more = true; more && !stopper.signal.aborted;) {
      // A call that ends frees the next row of its chat, even while this tick looks in vain.
      const wasOpen = inFlight.size > 0;
      more = (await tick()) || wasOpen;
      if (inFlight.size > 0) await Promise.race(open());
    }
  } catch (error) {
    onDefect(error);
  }
  await Promise.all(open());
  cut();
  // The loop may be in the middle of a tick: what it still claims goes back into the queue.
  await tick();
  await Promise.all(open());
}
