import { expect, test } from 'vitest';
import { parkTurn } from '#test/kernel/asks.ts';
import { createGround } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';
import { runChores } from './chores.ts';

test('approvals end when their time is over, whatever went wrong the time before', async () => {
  const ground = await createGround();
  const { store, clock } = ground;
  await createTestInbox(ground).receive(written('list the files'));
  await parkTurn(ground, '7F3K');
  let failures = 1;
  const overdue: typeof store.approvals.overdue = (now) =>
    failures-- > 0 ? Promise.reject(new Error('broken')) : store.approvals.overdue(now);
  const stop = new AbortController();
  const running = runChores(
    { ...ground, spend: store.spend, approvals: { ...store.approvals, overdue }, duties: [] },
    stop.signal,
  );
  await clock.pass(30 * 60_000);
  await until('it has expired', async () => {
    await clock.pass(5_000);
    return (await store.approvals.get('7F3K'))?.status === 'expired';
  });
  stop.abort();
  await running;
  expect(ground.log.lines.map(({ event }) => event)).toContain('chore.failed');
});

test('model calls that a crash cut off are settled at the start; a disk that refuses does not stop the rest', async () => {
  const ground = await createGround();
  const { store } = ground;
  let settled = 0;
  const refuse = (): Promise<never> => {
    settled += 1;
    return Promise.reject(new Error('full'));
  };
  const stop = new AbortController();
  const running = runChores(
    { ...store, ...ground, spend: { ...store.spend, settleOrphans: refuse }, duties: [] },
    stop.signal,
  );
  await until('it goes on', () => ground.clock.waiting() === 1);
  stop.abort();
  await running;
  expect(settled).toBe(1);
  expect(ground.log.lines.map(({ event }) => event)).toEqual(['chore.failed']);
});
