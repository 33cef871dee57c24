import type { ClockPort } from '#core/ports/clock.ts';

export type CutBy = 'caller' | 'idle' | 'total' | 'size';

/** Watches over one HTTP call: ends it when the caller aborts, when it falls silent, takes too long or grows too big. */
export interface Guard {
  readonly controller: AbortController;
  /** Bytes arrived (0 for the headers). */
  beat(bytes: number): void;
  /** What ended the call, or null while nothing did. */
  cutBy(): CutBy | null;
  /** Stops the timers. The call itself is left alone. */
  release(): void;
}

export function createGuard(
  clock: ClockPort,
  options: { readonly idleMs: number; readonly totalMs: number; readonly bytes: number },
  signal: AbortSignal,
): Guard {
  const controller = new AbortController();
  let by: CutBy | null = null;
  let bytes = 0;
  const cut = (reason: CutBy): void => {
    by ??= reason;
    controller.abort();
  };
  const onAbort = (): void => cut('caller');
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const stopTotal = clock.after(options.totalMs, () => cut('total'));
  let stopIdle = clock.after(options.idleMs, () => cut('idle'));
  return { controller, beat, cutBy: () => by, release };

  function beat(count: number): void {
    stopIdle();
    bytes += count;
    if (bytes > options.bytes) cut('size');
    else stopIdle = clock.after(options.idleMs, () => cut('idle'));
  }

  function release(): void {
    stopIdle();
    stopTotal();
    signal.removeEventListener('abort', onAbort);
  }
}
