import { expect, test } from 'vitest';
import { createKeptList, type KeptList } from './kept-list.ts';

function setUp() {
  const rows = new Map<string, string>();
  const writes: string[] = [];
  let isFull = false;
  const state = {
    get: (key: string) => Promise.resolve(rows.get(key) ?? null),
    set: (key: string, value: string) => {
      if (isFull) return Promise.reject(new Error('full'));
      writes.push(value);
      rows.set(key, value);
      return Promise.resolve();
    },
  };
  const open = (): KeptList => createKeptList({ state, key: 'list', most: 2 });
  const full = (on: boolean): void => {
    isFull = on;
  };
  return { open, writes, full };
}

test('what was added is there again after a restart; of too many the oldest goes', async () => {
  const { open } = setUp();
  const before = open();
  for (const text of ['a', 'b', 'a', 'c']) await before.add(text);
  expect(await open().all()).toEqual(['a', 'c']);
  await before.remove('a');
  expect(await open().all()).toEqual(['c']);
});

test('what is known is not written again', async () => {
  const { open, writes } = setUp();
  const list = open();
  for (const text of ['a', 'b', 'a', 'b']) await list.add(text);
  expect(writes).toEqual(['a', 'a b']);
});

test('what could not be written is not known', async () => {
  const { open, full } = setUp();
  const list = open();
  full(true);
  await expect(list.add('a')).rejects.toThrow('full');
  full(false);
  expect(await list.all()).toEqual([]);
  await list.add('a');
  expect(await open().all()).toEqual(['a']);
});
