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
