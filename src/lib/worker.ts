/** A loop that does one piece of work after another until there is none, and sleeps until it is woken. */
export interface Worker {
  /** Runs until the signal aborts; resolves when the tick in progress has ended. */
  start(signal: AbortSignal): Promise<void>;
  /** There may be work: look now. Cheap, may be called at any time. */
  wake(): void;
}

export interface WorkerDeps {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** Told of every defect that a tick threw; the loop goes on after a pause. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * `tick` does one piece of work and tells whether there may be more at once. A tick that throws is reported and the
 * loop pauses, one second at first and up to 30 s while it keeps throwing: a defect never spins and never ends it.
 */
export function createWorker(
  deps: WorkerDeps,
  options: { readonly pollMs: number; tick(signal: AbortSignal): Promise<boolean> },
): Worker {
  let wakeUp = new AbortController();
  let defects = 0;
  // With a reason: without one an abort makes an exception with its stack, at every commit.
  return { start, wake: () => wakeUp.abort('woken') };

  async function start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = new AbortController();
      wakeUp = woken;
      try {
        const more = await options.tick(signal);
        defects = 0;
        if (!more) await deps.clock.sleep(options.pollMs, AbortSignal.any([signal, woken.signal]));
      } catch (error) {
        defects += 1;
        deps.onDefect(error);
        // Not wakeable: traffic must not turn a defect into a spinning loop.
        await deps.clock.sleep(Math.min(1_000 * 2 ** (defects - 1), 30_000), signal);
      }
    }
  }
}
