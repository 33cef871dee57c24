import type { ClockPort } from '#core/ports/clock.ts';
import type { ModelRequest } from '#core/ports/model.ts';
import type { Target } from '../catalogue/names.ts';
import type { ModelSettings } from '../settings.ts';
import { type FairQueue, type Release, createFairQueue } from './fair-queue.ts';

/** Who wants a place, and until when by `clock.elapsed()`. */
interface Waiting {
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  readonly endsAt: number;
}

export interface Places {
  /** A place at the target's provider; `busy` when none came free in time. */
  enter(target: Target, run: Waiting): Promise<Release | 'cancelled' | 'busy'>;
}

/** One fair queue per provider, `concurrency` wide. The demo has room for everybody. */
export function createPlaces(clock: ClockPort, settings: () => ModelSettings): Places {
  const queues = new Map<string, FairQueue>();
  return { enter };

  async function enter(
    target: Target,
    { request, signal, endsAt }: Waiting,
  ): Promise<Release | 'cancelled' | 'busy'> {
    if (target.endpoint === null) return () => {};
    const queue = queueOf(target.provider);
    const free = queue.tryEnter();
    if (free !== null) return free;
    const patience = new AbortController();
    const stop = clock.after(endsAt - clock.elapsed(), () => patience.abort());
    const place = await queue.enter(request, AbortSignal.any([signal, patience.signal]));
    stop();
    return place ?? (signal.aborted ? 'cancelled' : 'busy');
  }

  function queueOf(provider: string): FairQueue {
    const known = queues.get(provider);
    if (known !== undefined) return known;
    const queue = createFairQueue(() => settings().providers[provider]?.concurrency ?? 1);
    queues.set(provider, queue);
    return queue;
  }
}
