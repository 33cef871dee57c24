import { expect, test } from 'vitest';
import { type Asked, createReadBack, type Gap } from './read-back.ts';

const never = new AbortController().signal;
const found = <T>(value: T): Asked<T> => ({ type: 'found', value });

function setUp(places: Readonly<Record<string, readonly string[]>>) {
  const stored: string[] = [];
  const unread: string[] = [];
  const slept: number[] = [];
  const answers: Asked<readonly string[]>[] = [];
  const deps = {
    clock: {
      sleep: (ms: number) => {
        slept.push(ms);
        return Promise.resolve();
      },
    },
    random: { next: () => 0.5 },
  };
  const readBack = createReadBack<Gap, string>(deps, {
    begin: (gap) => Promise.resolve(found(gap.after)),
    page: (id, from) => {
      const behind = (places[id] ?? []).filter((message) => message > from).slice(0, 2);
      return Promise.resolve(answers.shift() ?? found(behind));
    },
    store: (id, messages) => {
      stored.push(`${id}: ${messages.join()}`);
      return Promise.resolve();
    },
    idOf: (message) => message,
    pageSize: 2,
    mostPages: 3,
    unread: (gap, why) => {
      unread.push(`${gap.id}: ${why}`);
      return Promise.resolve();
    },
  });
  return { readBack, stored, unread, slept, answers };
}

test('page after page until one is short, place after place', async () => {
  const { readBack, stored } = setUp({ a: ['1', '2', '3', '4', '5'], b: ['1', '2'] });
  readBack.add({ id: 'a', after: '1' });
  readBack.add({ id: 'b', after: '1' });
  await readBack.run(never);
  expect(stored).toEqual(['a: 2,3', 'a: 4,5', 'b: 2']);
  expect(readBack.isOpen()).toBe(false);
});

test('more than is read of one place is said', async () => {
  const { readBack, unread } = setUp({ a: ['1', '2', '3', '4', '5', '6', '7'] });
  readBack.add({ id: 'a', after: '0' });
  await readBack.run(never);
  expect(unread).toEqual(['a: more than 6 messages']);
});

test('what may pass is waited for; what does not leaves the gap open', async () => {
  const { readBack, stored, slept, answers } = setUp({ a: ['1'] });
  const later = { type: 'later', why: 'away', pauseMs: null } as const;
  readBack.add({ id: 'a', after: '0' });
  answers.push({ ...later, pauseMs: 7 }, later, later, later, later, later);
  await expect(readBack.run(never)).rejects.toThrow('away');
  expect(slept).toEqual([7, 1_000, 2_000, 4_000, 8_000]);
  expect(readBack.isOpen()).toBe(true);
  await readBack.run(never);
  expect(stored).toEqual(['a: 1']);
});

test('a place that cannot be read does not hold up the others, and a stop leaves all open', async () => {
  const { readBack, stored, unread, answers } = setUp({ a: ['1'], b: ['1'] });
  readBack.add({ id: 'a', after: '0' });
  readBack.add({ id: 'b', after: '0' });
  await readBack.run(AbortSignal.abort());
  expect([stored, readBack.isOpen()]).toEqual([[], true]);
  answers.push({ type: 'never', why: 'hidden' });
  await readBack.run(never);
  expect([stored, unread]).toEqual([['b: 1'], ['a: hidden']]);
});
