import { expect, test } from 'vitest';
import { createRecentCheck } from './recent.ts';

test('a check that passed serves all who ask within its time, counted from when it was asked', async () => {
  let [now, checks] = [0, 0];
  const check = createRecentCheck({ elapsed: () => now }, async () => {
    checks += 1;
    now += 5;
  });
  await check();
  now = 19;
  await check();
  expect(checks).toBe(1);
  now = 20;
  await check();
  expect(checks).toBe(2);
});

test('one that failed is asked again', async () => {
  let answers = [false, true];
  const check = createRecentCheck({ elapsed: () => 0 }, async () => {
    const [passes, ...rest] = answers;
    answers = rest;
    if (passes === false) throw new Error('fenced');
  });
  await expect(check()).rejects.toThrow('fenced');
  await check();
  await check();
  expect(answers).toEqual([]);
});
