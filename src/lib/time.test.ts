import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { backoffMs } from './backoff.ts';
import { createClock } from './clock.ts';
import { dayStart } from './day.ts';
import { createGather } from './gather.ts';
import { createInOrder } from './in-order.ts';

const backoff = { firstMs: 1_000, maxMs: 30_000, jitter: 0.2 };
const middle = { next: () => 0.5 };

test('a delay doubles with each attempt up to its cap', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoffMs(backoff, attempt, middle));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(backoffMs(backoff, 0, middle)).toBe(1_000);
});

test('a delay is spread by its jitter and by no more', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, next) => {
      const delay = backoffMs(backoff, attempt, { next: () => next });
      const plain = backoffMs(backoff, attempt, middle);
      expect(delay).toBeGreaterThanOrEqual(plain * 0.8 - 1);
      expect(delay).toBeLessThanOrEqual(plain * 1.2 + 1);
    }),
  );
});

const noon = Date.UTC(2026, 10, 20, 12);

test.each([
  [null, Date.UTC(2026, 10, 20)],
  ['Europe/Rome', Date.UTC(2026, 10, 19, 23)],
  ['Pacific/Kiritimati', Date.UTC(2026, 10, 20, 10)],
  ['Asia/Kathmandu', Date.UTC(2026, 10, 19, 18, 15)],
  ['America/Los_Angeles', Date.UTC(2026, 10, 20, 8)],
])('the day in %s begins at its own midnight', (timezone, start) => {
  expect(dayStart(noon, timezone)).toBe(start);
  expect(dayStart(start, timezone)).toBe(start);
  expect(dayStart(start - 1, timezone)).toBe(start - 86_400_000);
});

test('the start of a day is never in the future and at most 25 hours ago', () => {
  const zones = fc.constantFrom(
    null,
    'Europe/Rome',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Asia/Tehran',
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), zones, (now, timezone) => {
      const age = now - dayStart(now, timezone);
      expect(age).toBeGreaterThanOrEqual(0);
      expect(age).toBeLessThanOrEqual(25 * 3_600_000);
    }),
  );
});

test('a sleep ends at once when its signal aborts, before or during it, and leaves nothing behind', async () => {
  const clock = createClock();
  const stop = new AbortController();
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const sleeping = clock.sleep(3_600_000, stop.signal);
  stop.abort();
  await sleeping;
  await clock.sleep(3_600_000, stop.signal);
  await clock.sleep(0);
  expect(timers()).toBe(before);
});

test('a wait longer than a timer can hold neither fires at once nor early', () => {
  vi.useFakeTimers();
  try {
    const clock = createClock();
    let fired = 0;
    const cancel = clock.after(100 * 86_400_000, () => (fired += 1));
    clock.after(60 * 86_400_000, () => (fired += 10));
    vi.advanceTimersByTime(59 * 86_400_000);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(86_400_000);
    expect(fired).toBe(10);
    cancel();
    vi.advanceTimersByTime(50 * 86_400_000);
    expect(fired).toBe(10);
  } finally {
    vi.useRealTimers();
  }
});

test('a cancelled timer does not run', async () => {
  const clock = createClock();
  let fired = false;
  clock.after(1, () => (fired = true))();
  await clock.sleep(5);
  expect(fired).toBe(false);
});

test('work is done in order, each piece after the end of the one before, whatever that end was', async () => {
  const inOrder = createInOrder();
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = inOrder(async () => {
    await gate.promise;
    done.push('first');
    return 1;
  });
  const second = inOrder(async () => {
    done.push('second');
    throw new Error('broken');
  });
  const third = inOrder(async () => done.push('third'));
  await Promise.resolve();
  expect(done).toEqual([]);
  gate.resolve();
  expect(await first).toBe(1);
  await expect(second).rejects.toThrow('broken');
  await third;
  expect(done).toEqual(['first', 'second', 'third']);
  await expect(
    inOrder(() => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
});

test('what is given within one turn of the event loop is handed on together, in order, and the next turn by itself', async () => {
  const parcels: (readonly number[])[] = [];
  const give = createGather<number>((items) => parcels.push(items));
  give(1);
  await Promise.resolve();
  give(2);
  process.nextTick(() => give(3));
  expect(parcels).toEqual([]);
  await vi.waitFor(() => expect(parcels).toEqual([[1, 2, 3]]));
  give(4);
  await vi.waitFor(() => expect(parcels).toEqual([[1, 2, 3], [4]]));
});
