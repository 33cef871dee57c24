import { TiroError, exitCodeByError, messageOf } from '#core/errors.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { Worker } from '#lib/worker.ts';

export interface Ended {
  readonly exitCode: number;
  readonly reason: string;
}

export interface LifecycleDeps {
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly channels: { start(signal: AbortSignal): Promise<void> };
  readonly workers: readonly Worker[];
  /** Conversations first, then the outbox: what the last turns say should still go out. */
  readonly drains: readonly ((signal: AbortSignal) => Promise<void>)[];
  readonly web: { start(): Promise<{ readonly url: string }>; stop(): Promise<void> };
  readonly store: { readonly boots: { stopped(): Promise<void> }; close(): Promise<void> };
  /** Repeated small duties, such as expiring approvals. */
  readonly chores: (signal: AbortSignal) => Promise<void>;
  /** Follows the configuration until the abort. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
  /** Resolves when the store is lost or the home was taken over. */
  readonly lost: Promise<Error>;
  readonly announce: (url: string) => Promise<void>;
  readonly renounce: () => Promise<void>;
}

export interface Lifecycle {
  /** Resolves when messages are taken. Rejects as `unavailable` for a busy port. */
  start(): Promise<{ readonly url: string }>;
  /** Drains within ten seconds; called again, it resolves with the first. */
  stop(): Promise<void>;
  /** Resolves when the gateway ended by itself. */
  readonly ended: Promise<Ended>;
}

const drainMs = 8_000;

/** web listens → workers → channels; stop: no new input → turns drain → deliveries drain → web → rows closed. */
export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const input = new AbortController();
  const work = new AbortController();
  const running: Promise<unknown>[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (clean: boolean): Promise<void> => {
    stopping ??= stopAll(deps, { input, work, running, clean });
    return stopping;
  };
  return {
    async start() {
      const { url } = await deps.web.start();
      running.push(
        ...deps.workers.map((worker) => worker.start(work.signal)),
        deps.chores(work.signal),
        deps.watch(work.signal),
      );
      running.push(deps.channels.start(input.signal));
      await deps.announce(url);
      return { url };
    },
    stop: () => stop(true),
    ended: deps.lost.then(async (error) => {
      deps.log.error('gateway.lost', { error });
      await stop(false);
      const exitCode = error instanceof TiroError ? exitCodeByError[error.code] : 1;
      return { exitCode, reason: messageOf(error) };
    }),
  };
}

interface Stopping {
  readonly input: AbortController;
  readonly work: AbortController;
  readonly running: readonly Promise<unknown>[];
  readonly clean: boolean;
}

async function stopAll(deps: LifecycleDeps, { input, work, running, clean }: Stopping): Promise<void> {
  const { clock, log } = deps;
  input.abort();
  const over = new AbortController();
  const cancel = clock.after(clean ? drainMs : 0, () => over.abort());
  if (!clean) over.abort();
  for (const drain of deps.drains) await drain(over.signal);
  cancel();
  work.abort();
  await deps.web.stop();
  await Promise.all(running);
  await deps.renounce();
  // A boot that lost its rows may not say that it stopped cleanly: the next one takes its turns over.
  if (clean) await deps.store.boots.stopped();
  await deps.store.close();
  log.info('gateway.stopped', { clean });
}
