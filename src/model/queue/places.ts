import type { ClockPort } from '#core/ports/clock.ts';
import type { ModelRequest } from '#core/ports/model.ts';
import type { Target } from '../catalogue/names.ts';
import type { ModelSettings } from '../settings.ts';
import { type FairQueue, type Release, createFairQueue } from './fair-queue.ts';

export interface Places {
  /** A place at the target's provider; `busy` when none came free before the request's deadline. */
  enter(target: Target, request: ModelRequest, signal: AbortSignal): Promise<Release | 'cancelled' | 'busy'>;
}

/** One fair queue per provider, `concurrency` wide. The demo has room for everybody. */
export function createPlaces(clock: ClockPort, settings: () => ModelSettings): Places {
  const queues = new Map<string, FairQueue>();
  return { enter };

  async function enter(
    target: Target,
    request: ModelRequest,
    signal: AbortSignal,
  ): Promise<Release | 'cancelled' | 'busy'> {
    if (target.endpoint === null) return () => {};
    const queue = queueOf(target.provider);
    const free = queue.tryEnter();
    if (free !== null) return free;
    const patience = new AbortController();
    const stop = clock.after(request.deadlineAt - clock.now(), () => patience.abort());
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
