import { Worker } from 'node:worker_threads';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import { type Answer, type Question, answerSchema } from './protocol.ts';

export interface ReaderLimits {
  readonly parseMs: number;
  /** Of the thread's heap and of the buffers that it holds outside of it. */
  readonly memoryMb: number;
}

/** Reads one file in a thread of its own. Contract: never rejects; ends in time, whatever the file does. */
export type Reader = (question: Question, signal: AbortSignal) => Promise<Answer>;

const youngMb = 32;
const stackMb = 4;
const lookMs = 100;
const megabyte = 1024 * 1024;

/**
 * question → thread → answer | out of time | out of memory. Parsers of strangers' files hang, grow and recurse; none of that
 * reaches the event loop. V8 bounds only its own heap, so the buffers beside it are looked at ten times a second.
 */
export function createReader(
  deps: { readonly clock: ClockPort; readonly log: LogPort },
  limits: ReaderLimits,
): Reader {
  return async (question, signal) => {
    const ended = Promise.withResolvers<Answer>();
    const refuse = (why: string): void =>
      ended.resolve({ outcome: 'unreadable', mime: 'application/octet-stream', why });
    const worker = startThread(question, limits);
    const cancelTime = deps.clock.after(limits.parseMs, () => refuse('reading it took too long'));
    const cancelWatch = watchMemory(deps.clock, worker, {
      mostBytes: limits.memoryMb * megabyte,
      onOver: () => refuse('reading it takes too much memory'),
    });
    const onAbort = (): void => refuse('it was stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    worker.once('message', (told: unknown) => {
      const answer = answerSchema.safeParse(told);
      if (answer.success) ended.resolve(answer.data);
      else refuse('it could not be read');
    });
    worker.once('error', (error: unknown) => {
      const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!isMemory) deps.log.error('media.reader-failed', { error });
      refuse(isMemory ? 'reading it takes too much memory' : 'it could not be read');
    });
    worker.once('exit', () => refuse('it could not be read'));
    const answer = await ended.promise;
    signal.removeEventListener('abort', onAbort);
    cancelTime();
    cancelWatch();
    void worker.terminate();
    return answer;
  };
}

function startThread(question: Question, { memoryMb }: ReaderLimits): Worker {
  const worker = new Worker(new URL('worker/main.ts', import.meta.url), {
    name: 'media',
    workerData: question,
    transferList: [question.bytes.buffer],
    // No secret of the environment is within reach of a parser.
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMb,
      maxYoungGenerationSizeMb: youngMb,
      stackSizeMb: stackMb,
    },
  });
  // Parsers tell of odd files on the console.
  worker.stdout.resume();
  worker.stderr.resume();
  return worker;
}

function watchMemory(
  clock: Pick<ClockPort, 'after'>,
  worker: Worker,
  { mostBytes, onOver }: { readonly mostBytes: number; readonly onOver: () => void },
): () => void {
  let cancel = clock.after(lookMs, look);
  let isOver = false;
  return () => {
    isOver = true;
    cancel();
  };

  function look(): void {
    void weigh();
  }

  async function weigh(): Promise<void> {
    const bytes = await worker.getHeapStatistics().then(
      (heap) => heap.used_heap_size + heap.external_memory,
      () => 0, // not begun yet, or ended
    );
    if (isOver) return;
    if (bytes > mostBytes) onOver();
    else cancel = clock.after(lookMs, look);
  }
}
