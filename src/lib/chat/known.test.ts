import { expect, test } from 'vitest';
import { createClock } from '../clock.ts';
import { createKnown } from './known.ts';

test('each is asked once', async () => {
  const asked: string[] = [];
  const known = createKnown(createClock(), (id) => {
    asked.push(id);
    return Promise.resolve(`Name of ${id}`);
  });
  await known.learn(['a', 'b', 'a']);
  await known.learn(['b', 'c']);
  expect(asked).toEqual(['a', 'b', 'c']);
  expect([known.of('a'), known.of('x')]).toEqual(['Name of a', null]);
});

test('after one that brought nothing there is a pause', async () => {
  let [now, asks] = [0, 0];
  const clock = { elapsed: () => now, after: () => () => undefined };
  const known = createKnown(clock, () => {
    asks += 1;
    return Promise.resolve(null);
  });
  await known.learn(['a']);
  await known.learn(['b']);
  expect(asks).toBe(1);
  now = 60_000;
  await known.learn(['b']);
  expect(asks).toBe(2);
});
