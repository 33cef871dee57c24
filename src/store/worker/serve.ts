import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { createClock } from '#lib/clock.ts';
import type { HomeLock } from '../opening/home-lock.ts';
import type { OpenedHome } from '../opening/index.ts';
import { type PlainError, type Report, type Request, toPlainError } from '../protocol.ts';
import { type Backups, createBackups } from './backups.ts';
import { type Calls, createCalls } from './calls.ts';
import { type Checkpoints, createCheckpoints } from './checkpoints.ts';
import type { Committed } from './batch.ts';
import { type Health, createHealth } from './health.ts';

/** Once a group has so many requests no more parcels are added, so that an answer never waits for a whole flood. */
const requestsPerCommit = 500;
const lockAgainMs = 250;

interface Parts {
  readonly home: OpenedHome;
  readonly calls: Calls;
  readonly checkpoints: Checkpoints;
  readonly backups: Backups;
  readonly health: Health;
  stopLocking(): void;
}

/**
 * Parcels of requests that wait → the reads → one group commit → its answers → …, until `close`. A read owes nothing to
 * the writes beside it: none of them has resolved yet. So it does not wait for their fsync.
 */
export function serve(port: MessagePort, home: OpenedHome): void {
  const parts = createParts(home, { post, settle });
  let toldFatal = false;

  port.on('message', (first: readonly Request[]) => {
    let batch = drain(port, first);
    while (batch.length > 0) {
      handle(batch);
      batch = drain(port, []);
    }
  });

  function handle(batch: readonly Request[]): void {
    const { writes, reads } = parts.calls.sort(batch);
    if (reads.length > 0) answer(reads);
    if (writes.length > 0) commit(writes);
    for (const request of batch) {
      if (request.type === 'backup') parts.backups.start(request.id, request.path);
      if (request.type === 'close') void close(port, parts, request.id);
    }
  }

  function commit(writes: Parameters<Calls['commit']>[0]): void {
    const committed = parts.calls.commit(writes);
    post({ type: 'answers', note: committed.note, answers: committed.answers });
    settle(committed);
  }

  function settle({ fatal, refusal }: Committed): void {
    parts.checkpoints.committed();
    parts.health.committed(refusal);
    if (fatal !== null) tellFatal(toPlainError(fatal));
  }

  /** A damaged table is first met by whoever reads it: going on would answer half of what is asked. */
  function answer(reads: Parameters<Calls['commit']>[0]): void {
    const answers = reads.map((read) => parts.calls.read(read));
    post({ type: 'answers', note: null, answers });
    const damaged = answers.find((one) => !one.ok && one.error.code === 'store-corrupt');
    if (damaged?.ok === false) tellFatal(damaged.error);
  }

  function tellFatal(error: PlainError): void {
    if (!toldFatal) post({ type: 'fatal', error });
    toldFatal = true;
  }

  function post(report: Report): void {
    port.postMessage(report);
  }
}

function createParts(
  home: OpenedHome,
  { post, settle }: { post(report: Report): void; settle(committed: Committed): void },
): Parts {
  const clock = createClock();
  const calls = createCalls(home.db, home.epoch);
  return {
    home,
    calls,
    checkpoints: createCheckpoints(home.db, clock),
    backups: createBackups(home.db, post),
    health: createHealth({
      timers: clock,
      ask: () => settle(calls.probe()),
      tell: (trouble) => post({ type: 'trouble', trouble }),
    }),
    stopLocking: keepLocking(home.lock, clock),
  };
}

/** `first` and what else has arrived. */
function drain(port: MessagePort, first: readonly Request[]): readonly Request[] {
  const requests = [...first];
  while (requests.length < requestsPerCommit) {
    const next: { message: readonly Request[] } | undefined = receiveMessageOnPort(port);
    if (next === undefined) break;
    requests.push(...next.message);
  }
  return requests;
}

/** After a takeover the lock is taken as soon as the gateway before this one has ended. */
function keepLocking(lock: HomeLock, timers: { after(ms: number, run: () => void): () => void }): () => void {
  let cancel = (): void => {};
  tryNow();
  return () => cancel();

  function tryNow(): void {
    if (!lock.take(0)) cancel = timers.after(lockAgainMs, tryNow);
  }
}

async function close(port: MessagePort, parts: Parts, id: number): Promise<void> {
  parts.stopLocking();
  parts.health.stop();
  await parts.backups.finish();
  parts.checkpoints.finish();
  parts.home.db.close();
  parts.home.lock.release();
  const report: Report = { type: 'answers', note: null, answers: [{ id, ok: true, value: null }] };
  port.postMessage(report);
  port.close();
}
