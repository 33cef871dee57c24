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

/** What runs gets this long to end; with what follows the whole stop stays within ten seconds. */
const drainMs = 6_000;
/** Each further step of a stop: what hangs is left behind, its rows go on at the next start. */
const stepMs = 2_000;

interface Life {
  readonly deps: LifecycleDeps;
  readonly input: AbortController;
  readonly work: AbortController;
  readonly running: Promise<void>[];
  /** A part that must not end has ended. */
  readonly failed: PromiseWithResolvers<unknown>;
  stopping: Promise<void> | null;
}

/** web listens → workers → channels; stop: no new input → turns drain → deliveries drain → web → rows closed. */
export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const life: Life = {
    deps,
    input: new AbortController(),
    work: new AbortController(),
    running: [],
    failed: Promise.withResolvers(),
    stopping: null,
  };
  return {
    start: () => start(life),
    stop: () => stop(life, true),
    ended: Promise.race([end(life, deps.lost, false), end(life, life.failed.promise, true)]),
  };
}

async function start(life: Life): Promise<{ readonly url: string }> {
  const { deps, input, work } = life;
  try {
    const { url } = await deps.web.start();
    if (life.stopping !== null) throw new TiroError('unavailable', 'It was stopped before it had started.');
    for (const worker of deps.workers) follow(life, worker.start(work.signal));
    follow(life, deps.chores(work.signal));
    follow(life, deps.watch(work.signal));
    follow(life, deps.channels.start(input.signal));
    await deps.announce(url);
    return { url };
  } catch (error) {
    // No crash: what has begun by now, even a message that came in, is drained as at any stop, and the next boot may know it.
    await stop(life, true);
    throw error;
  }
}

/** A part that fails ends the gateway: half of it would go on in silence. */
function follow({ deps, running, failed }: Life, part: Promise<void>): void {
  running.push(
    part.catch((error: unknown) => {
      deps.log.error('gateway.part-failed', { error });
      failed.resolve(error);
    }),
  );
}

async function end(life: Life, cause: Promise<unknown>, clean: boolean): Promise<Ended> {
  const error = await cause;
  const { log } = life.deps;
  log.error('gateway.lost', { error });
  // However the stop goes: why it had to be stopped is what counts.
  await stop(life, clean).catch((also: unknown) => log.error('gateway.stop-failed', { error: also }));
  const exitCode = error instanceof TiroError ? exitCodeByError[error.code] : 1;
  return { exitCode, reason: messageOf(error) };
}

function stop(life: Life, clean: boolean): Promise<void> {
  life.stopping ??= stopAll(life, clean);
  return life.stopping;
}

/** Each step is done whatever became of those before it; what went wrong is thrown in the end. */
async function stopAll({ deps, input, work, running }: Life, clean: boolean): Promise<void> {
  const { clock, log, store } = deps;
  const failures: unknown[] = [];
  input.abort();
  const over = new AbortController();
  const cancel = clock.after(clean ? drainMs : 0, () => over.abort());
  if (!clean) over.abort();
  for (const drain of deps.drains) await step('drain', drain(over.signal), drainMs + stepMs);
  cancel();
  work.abort();
  await Promise.all([step('web', deps.web.stop()), step('parts', Promise.all(running))]);
  await step('renounce', deps.renounce());
  // A boot that lost its rows may not say that it stopped cleanly: the next one takes its turns over.
  if (clean) await step('stopped', store.boots.stopped());
  await step('store', store.close());
  // A command that only looked at the rows was no gateway.
  if (running.length > 0) log.info('gateway.stopped', { clean });
  if (failures.length > 0) throw failures[0];

  async function step(name: string, done: Promise<unknown>, ms: number = stepMs): Promise<void> {
    const ended = new AbortController();
    const late = clock.sleep(ms, ended.signal).then(() => 'late' as const);
    try {
      if ((await Promise.race([done, late])) === 'late') log.warn('gateway.step-hangs', { step: name, ms });
    } catch (error) {
      log.error('gateway.step-failed', { step: name, error });
      failures.push(error);
    } finally {
      ended.abort();
    }
  }
}
