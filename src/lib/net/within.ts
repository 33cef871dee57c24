import type { Clock } from '../clock.ts';

/** Runs with a signal that aborts with `signal`, or after `ms` with an error that says "timed out". */
export async function within<T>(
  limit: { readonly clock: Pick<Clock, 'after'>; readonly ms: number; readonly signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const cancel = limit.clock.after(limit.ms, () => late.abort(new Error('timed out')));
  try {
    return await run(AbortSignal.any([late.signal, limit.signal]));
  } finally {
    cancel();
  }
}

/**
 * What `work` brings, or a rejection with `why` once the signal aborts. Afterwards nothing listens to the signal any more:
 * one that is made of others is kept for ever while something does.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal, why: () => Error): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(why());
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
