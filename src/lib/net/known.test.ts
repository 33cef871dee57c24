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

function setUp() {
  let now = 0;
  const asked: string[] = [];
  const clock = { elapsed: () => now, after: () => () => undefined };
  const known = createKnown(clock, (id) => {
    asked.push(id);
    return Promise.resolve(id);
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { known, asked, pass };
}

test('a crowd is asked about slowly, however much it says', async () => {
  const { known, asked, pass } = setUp();
  const crowd = Array.from({ length: 500 }, (_, n) => `u${n}`);
  for (const id of crowd) await known.learn([id, `${id}-mentioned`]);
  expect(asked).toHaveLength(60);
  pass(60_000);
  for (const id of crowd) await known.learn([id]);
  expect(asked).toHaveLength(120);
});

test('who is heard of stays known, whoever else comes', async () => {
  const { known, asked, pass } = setUp();
  for (let n = 0; n < 1_500; n += 1) {
    await known.learn(['ann', `u${n}`]);
    if (n % 50 === 0) pass(60_000);
  }
  expect(asked.filter((id) => id === 'ann')).toHaveLength(1);
  expect([known.of('ann'), known.of('u1400'), known.of('u0')]).toEqual(['ann', 'u1400', null]);
});
