import type { Worker } from 'node:worker_threads';
import { TiroError } from '#core/errors.ts';
import type { CommitNote } from '#core/store/store.ts';
import { createGather } from '#lib/gather.ts';
import { type Question, type Questions, createQuestions } from './questions.ts';
import { type Report, type Request, fromPlainError, toPlainError } from './protocol.ts';

export interface LineDeps {
  /** The store can not go on: fenced, damaged, or its thread died. What was acknowledged is safe. */
  readonly onFatal: (error: Error) => void;
  readonly onLog: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** The line to the store's thread: questions go out, reports come in, and when the thread ends nobody waits for ever. */
export interface Line {
  readonly ready: Promise<{ readonly epoch: number }>;
  ask(question: Question): Promise<unknown>;
  onCommit(listener: (note: CommitNote) => void): () => void;
  /** Why the disk takes no writes now, in words, or null. */
  trouble(): string | null;
  /** Once it is ready: everything asked before is answered, then the thread ends. */
  close(): Promise<void>;
}

export function createLine(worker: Worker, deps: LineDeps): Line {
  // Writes that are asked for side by side arrive side by side, and share one group commit.
  const questions: Questions = createQuestions(createGather((requests) => post(worker, requests, questions)));
  const listeners = createListeners(deps);
  const opening = Promise.withResolvers<{ epoch: number }>();
  const exited = Promise.withResolvers<void>();
  let state: 'opening' | 'open' | 'closing' | 'ended' = 'opening';
  let closed: Promise<void> | null = null;
  const trouble = createTrouble(deps);

  worker.on('message', receive);
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => exited.resolve(end(endedError())));

  return {
    ready: opening.promise,
    ask: (question) => (closed === null ? questions.ask(question) : Promise.reject(closedError())),
    onCommit: listeners.add,
    trouble: trouble.now,
    close: () => (closed ??= close()),
  };

  function receive(report: Report): void {
    switch (report.type) {
      case 'ready':
        state = 'open';
        return opening.resolve({ epoch: report.epoch });
      case 'failed':
        return end(fromPlainError(report.error));
      case 'answers':
        if (report.note !== null) listeners.tell(report.note);
        return questions.settle(report.answers);
      case 'trouble':
        return trouble.tell(report.trouble);
      case 'fatal':
        return deps.onFatal(fromPlainError(report.error));
      case 'log':
        return deps.onLog(report.event, report.fields);
    }
  }

  function end(error: Error): void {
    questions.refuse(error);
    opening.reject(error); // without effect once it is open
    if (state === 'open') deps.onFatal(error);
    state = 'ended';
  }

  async function close(): Promise<void> {
    if (state === 'open') {
      state = 'closing';
      await questions.ask({ type: 'close' });
    }
    await exited.promise;
  }
}

/**
 * What is asked for side by side goes side by side: its writes share one group commit. A request that holds what cannot be
 * sent is refused alone.
 */
function post(worker: Worker, requests: readonly Request[], questions: Questions): void {
  try {
    worker.postMessage(requests, []);
  } catch (error) {
    const [first, ...others] = requests;
    if (others.length > 0) for (const request of requests) post(worker, [request], questions);
    else if (first !== undefined) {
      questions.settle([{ id: first.id, ok: false, error: toPlainError(error) }]);
    }
  }
}

function endedError(): TiroError {
  return new TiroError('store-unavailable', 'The thread of the store has ended.');
}

function closedError(): TiroError {
  return new TiroError('store-unavailable', 'The store is closed.');
}

/** Why the disk takes no writes now. */
function createTrouble(deps: LineDeps): {
  readonly now: () => string | null;
  readonly tell: (why: string | null) => void;
} {
  let trouble: string | null = null;
  return {
    now: () => trouble,
    tell: (why) => {
      trouble = why;
      deps.onLog(why === null ? 'store.recovered' : 'store.refused', { why });
    },
  };
}

interface Listeners {
  readonly add: (listener: (note: CommitNote) => void) => () => void;
  readonly tell: (note: CommitNote) => void;
}

/** A listener's defect is its own: the rows are committed, and everybody else still hears of them. */
function createListeners(deps: LineDeps): Listeners {
  const listeners = new Set<(note: CommitNote) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (note) => {
      for (const listener of listeners) {
        try {
          listener(note);
        } catch (error) {
          deps.onLog('store.listener-failed', { error });
        }
      }
    },
  };
}
