import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInOrder } from '#lib/in-order.ts';

/** One direction of a connection: pieces in order, late or slow as the faults of the moment say. */
export interface Lane {
  push(piece: Buffer): void;
  /** FIN, behind what was pushed. */
  end(): void;
  /** Runs behind what was pushed and handed over. */
  behind(run: () => void): void;
  /** From now on everything is taken and nothing is passed on. */
  stop(): void;
  isStopped(): boolean;
}

interface Pace {
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
}

/** More than this in the lane and the sender is not read any more, as by a full network. */
const roomBytes = 256 * 1024;
/** Throttled pieces go in crumbs of this long, so that a changed speed is felt soon. */
const crumbMs = 20;

export function createLane(from: net.Socket, to: net.Socket, pace: () => Pace): Lane {
  const inOrder = createInOrder();
  let waitingBytes = 0;
  let stopped = false;
  const isStopped = (): boolean => stopped;
  const behind = (run: () => void | Promise<void>): void => {
    void inOrder(async () => {
      if (!stopped) await run();
    });
  };
  return {
    push: (piece) => {
      const dueAt = performance.now() + pace().latencyMs;
      waitingBytes += piece.length;
      if (waitingBytes > roomBytes) from.pause();
      behind(() => carry(piece, dueAt));
    },
    end: () => {
      const dueAt = performance.now() + pace().latencyMs;
      behind(async () => {
        await due(dueAt);
        if (!stopped) to.end();
      });
    },
    behind,
    stop: () => {
      stopped = true;
      from.resume();
    },
    isStopped,
  };

  async function carry(piece: Buffer, dueAt: number): Promise<void> {
    await due(dueAt);
    for (let rest = piece; rest.length > 0 && !isStopped() && to.writable;) {
      const { bytesPerSecond } = pace();
      const size = Math.max(1, Math.min(rest.length, Math.floor((bytesPerSecond * crumbMs) / 1_000)));
      await written(to, rest.subarray(0, size));
      if (bytesPerSecond !== Number.POSITIVE_INFINITY) await sleep((1_000 * size) / bytesPerSecond);
      rest = rest.subarray(size);
    }
    waitingBytes -= piece.length;
    if (waitingBytes <= roomBytes) from.resume();
  }
}

async function due(at: number): Promise<void> {
  const left = at - performance.now();
  if (left > 0) await sleep(left);
}

/** Resolves once the system has the bytes, or never will. */
function written(socket: net.Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}
