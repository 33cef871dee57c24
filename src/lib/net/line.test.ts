import { expect, test } from 'vitest';
import { createLine } from './line.ts';

const all = (waiting: readonly number[]): number => waiting.length;

test('parcels go one after another, what came together in order', async () => {
  const log: string[] = [];
  const done = Promise.withResolvers<void>();
  const line = createLine<number>({
    order: (a, b) => a - b,
    parcel: all,
    most: 10,
    work: async (parcel) => {
      log.push(`begins ${parcel.join()}`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`ends ${parcel.join()}`);
      if (parcel.includes(3)) done.resolve();
    },
  });
  line.take(2);
  line.take(1);
  setImmediate(() => line.take(3));
  await done.promise;
  expect(log).toEqual(['begins 1,2', 'ends 1,2', 'begins 3', 'ends 3']);
});

test('after a failure nothing further is worked on', async () => {
  const seen: number[] = [];
  const line = createLine<number>({
    parcel: () => 1,
    most: 10,
    work: ([item = 0]) => {
      seen.push(item);
      return item === 2 ? Promise.reject(new Error('full')) : Promise.resolve();
    },
  });
  for (const item of [1, 2, 3]) line.take(item);
  expect(await line.failed).toEqual(new Error('full'));
  line.take(4);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([1, 2]);
});

test('too much waiting is a failure', async () => {
  const line = createLine<number>({ parcel: all, most: 2, work: () => Promise.resolve() });
  for (const item of [1, 2, 3]) line.take(item);
  expect(await line.failed).toMatchObject({ message: 'more comes in than can be stored' });
});

test('its end waits for what is at work and drops the rest', async () => {
  const begun = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const seen: number[] = [];
  const line = createLine<number>({
    parcel: () => 1,
    most: 10,
    work: async ([item = 0]) => {
      begun.resolve();
      await free.promise;
      seen.push(item);
    },
  });
  line.take(1);
  line.take(2);
  await begun.promise;
  const ended = line.end();
  expect(seen).toEqual([]);
  free.resolve();
  await ended;
  expect(seen).toEqual([1]);
});
