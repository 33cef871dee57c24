import { expect, test } from 'vitest';
import { createManualClock } from '#test/kernel/clock.ts';
import { until } from '#test/until.ts';
import { createWorker } from './worker.ts';

function workerOf(tick: (count: number) => Promise<boolean> | boolean) {
  const clock = createManualClock();
  const defects: unknown[] = [];
  const stop = new AbortController();
  let ticks = 0;
  const worker = createWorker(
    { clock, onDefect: (error) => defects.push(error) },
    {
      pollMs: 1_000,
      tick: async () => {
        ticks += 1;
        return tick(ticks);
      },
    },
  );
  const ended = worker.start(stop.signal);
  return { clock, defects, worker, ended, stop, ticks: () => ticks };
}

test('it works as long as there is work, and then looks once each poll', async () => {
  const { clock, ended, stop, ticks } = workerOf((count) => count < 3);
  await until('it sleeps', () => clock.waiting() === 1);
  expect(ticks()).toBe(3);
  await clock.pass(1_000);
  await until('it looked again', () => ticks() === 4);
  stop.abort();
  await ended;
});

test('a wake ends its sleep; one that comes while it works is not lost', async () => {
  const gate = Promise.withResolvers<boolean>();
  const { clock, worker, ended, stop, ticks } = workerOf((count) => (count === 2 ? gate.promise : false));
  await until('it sleeps', () => clock.waiting() === 1);
  worker.wake();
  await until('it works', () => ticks() === 2);
  worker.wake();
  gate.resolve(false);
  await until('it looked again', () => ticks() === 3);
  stop.abort();
  await ended;
  expect(clock.waiting()).toBe(0);
});

test('a tick that throws is told and paused after, longer each time, and no wake shortens that', async () => {
  const { clock, defects, worker, ended, stop, ticks } = workerOf((count) => {
    if (count <= 2) throw new Error(`defect ${count}`);
    return false;
  });
  await until('it pauses', () => clock.waiting() === 1);
  worker.wake();
  await clock.pass(999);
  expect(ticks()).toBe(1);
  await clock.pass(1);
  await until('it tried again', () => ticks() === 2 && clock.waiting() === 1);
  await clock.pass(1_999);
  expect(ticks()).toBe(2);
  await clock.pass(1);
  await until('it works again', () => ticks() === 3);
  expect(defects).toMatchObject([{ message: 'defect 1' }, { message: 'defect 2' }]);
  stop.abort();
  await ended;
});

test('a stop ends a pause as well, and resolves only when the tick in progress has ended', async () => {
  const gate = Promise.withResolvers<boolean>();
  const { ended, stop, ticks } = workerOf(() => gate.promise);
  await until('it works', () => ticks() === 1);
  stop.abort();
  const first = await Promise.race([ended.then(() => 'ended'), Promise.resolve('works')]);
  expect(first).toBe('works');
  gate.resolve(true);
  await ended;
  expect(ticks()).toBe(1);
});
