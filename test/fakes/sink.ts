import type { InboundEvent } from '#core/event.ts';
import type { AdapterDeps, AdapterStatePort, SinkPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';

export type TestDeps = AdapterDeps & { readonly random: RandomPort };

const longestPauseMs = 5;

export interface TestSink extends SinkPort {
  /** Committed events, each once. */
  readonly events: readonly InboundEvent[];
  /** All events ever handed in. */
  readonly offered: readonly InboundEvent[];
  readonly states: readonly { readonly state: 'up' | 'down'; readonly why: string }[];
  cursorText(): string | null;
  /** The next so many calls of `accept` reject. */
  reject(calls: number): void;
}

export interface SinkFaults {
  /** So many calls of `accept` reject first. */
  readonly rejectAccepts?: number;
  /** So many calls of `cursor` reject first. */
  readonly rejectCursors?: number;
  /** `accept` never resolves: the process dies in it. */
  readonly acceptNever?: boolean;
  readonly cursor?: string | null;
}

/** The door of the kernel in memory: dedupes by platform id, keeps the cursor with the events. */
export function createTestSink(faults: SinkFaults = {}): TestSink {
  const events: InboundEvent[] = [];
  const offered: InboundEvent[] = [];
  const states: { state: 'up' | 'down'; why: string }[] = [];
  let cursor = faults.cursor ?? null;
  let toReject = faults.rejectAccepts ?? 0;
  let cursorsToReject = faults.rejectCursors ?? 0;
  return {
    events,
    offered,
    states,
    cursorText: () => cursor,
    reject: (calls) => void (toReject = calls),
    cursor: async () => {
      if (cursorsToReject === 0) return cursor;
      cursorsToReject -= 1;
      throw new Error('disk full');
    },
    state: (state, why) => states.push({ state, why }),
    accept: async (batch, next) => {
      offered.push(...batch);
      if (faults.acceptNever === true) await new Promise(() => undefined);
      if (toReject > 0 && batch.length > 0) {
        toReject -= 1;
        throw new Error('disk full');
      }
      const isNew = (event: InboundEvent): boolean =>
        !events.some((known) => known.platformId === event.platformId);
      for (const event of batch) if (isNew(event)) events.push(event);
      if (next !== undefined) cursor = next;
    },
  };
}

export interface TestLog extends LogPort {
  readonly lines: readonly unknown[];
}

export function createTestLog(): TestLog {
  const lines: unknown[] = [];
  const write = (event: string, fields?: object): void => void lines.push({ event, ...fields });
  return { lines, info: write, warn: write, error: write };
}

/** Real time, but no pause lasts longer than a moment; the pauses asked for are on record. */
export function createHastyClock(
  now: () => number = Date.now,
): ClockPort & { readonly slept: readonly number[] } {
  const slept: number[] = [];
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  };
  return {
    slept,
    now,
    elapsed: () => performance.now(),
    after,
    sleep: async (ms, signal) => {
      if (ms > 0) slept.push(ms);
      const wait = Math.min(ms, longestPauseMs);
      await new Promise<void>((resolve) => {
        const cancel = after(wait, resolve);
        const end = (): void => {
          cancel();
          resolve();
        };
        if (signal?.aborted === true) end();
        signal?.addEventListener('abort', end, { once: true });
      });
    },
  };
}

/** Everything an adapter may ask for, in memory. Jitter is off: random stands in the middle. */
export function createTestDeps(
  log: LogPort = createTestLog(),
  clock: ClockPort = createHastyClock(),
): TestDeps {
  const rows = new Map<string, string>();
  const put = (key: string, value: string | null): void => {
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  };
  const state: AdapterStatePort = {
    get: (key) => Promise.resolve(rows.get(key) ?? null),
    set: async (key, value) => put(key, value),
    setAll: async (entries) => Object.entries(entries).forEach(([key, value]) => put(key, value)),
    list: async (prefix) =>
      Object.fromEntries(
        [...rows].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
  };
  return { clock, log, state, random: { next: () => 0.5 } };
}
