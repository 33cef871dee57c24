import { expect, test } from 'vitest';
import { createTestConversations } from '#test/kernel/conversations.ts';
import { createGround, withVerbs } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

test('what runs may end; nothing new is started', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const { conversations, runs, started, work } = createTestConversations(ground);
  await receive(written('one'));
  await work();
  const drained = conversations.drain(new AbortController().signal);
  await receive(written('two', { chat: 'telegram:8' }));
  expect(await conversations.tick()).toBe(false);
  await runs[0]?.answer('done');
  await until('the run is over', () => runs.length === 0);
  await ground.clock.pass(100);
  await drained;
  expect(started).toHaveLength(1);
  expect(await ground.said('telegram:7')).toEqual(['done']);
  expect(await ground.store.events.list({ status: 'queued', limit: 9 })).toHaveLength(1);
});

test('when the time is over the rest is stopped, and the next boot goes on with it', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const { conversations, started, work } = createTestConversations(ground);
  await receive(written('one'));
  await work();
  const over = new AbortController();
  const drained = conversations.drain(over.signal);
  over.abort();
  await until('it has left', () => started[0]?.left());
  await ground.clock.pass(100);
  await drained;
  const { clock, home } = ground;
  const next = await createGround({ clock, home, store: await home.again({ takeover: true }) });
  const after = createTestConversations(next);
  await after.work();
  expect(after.runs.map(({ turn }) => turn.id)).toEqual(started.map(({ turn }) => turn.id));
});

test('a turn that does not heed its signal is left behind, not waited for', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const { conversations, work } = createTestConversations(ground, {
    onRun: () => new Promise(() => undefined),
  });
  await receive(written('one'));
  await work();
  const drained = conversations.drain(AbortSignal.abort());
  await until('it is given up', async () => {
    await ground.clock.pass(100);
    return ground.log.lines.some(({ event }) => event === 'turn.left-behind');
  });
  await drained;
});

test('a turn that is claimed while the process begins to stop is left to the next boot', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const claiming = Promise.withResolvers<void>();
  const { claim } = ground.store.turns;
  const store = withVerbs(ground.store, 'turns', {
    claim: async (plan) => {
      const claimed = await claim(plan);
      await claiming.promise;
      return claimed;
    },
  });
  const { conversations, started } = createTestConversations({ ...ground, store });
  await receive(written('one'));
  const ticking = conversations.tick();
  await until('it is claimed', async () => {
    const running = await store.turns.list({ status: 'running', conversation: null, limit: 1 });
    return running.length === 1;
  });
  await conversations.drain(new AbortController().signal);
  claiming.resolve();
  await ticking;
  expect(started).toEqual([]);
  expect(conversations.runningCount()).toBe(0);
});
