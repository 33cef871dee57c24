import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { StorePort } from '#core/store/store.ts';
import type { Turn } from '#core/turn.ts';
import { type TestConversations, createTestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

interface Boot extends TestGround, TestConversations {}

/** The next gateway on the same rows; the one before it has died. */
async function bootAfter(
  before: Boot,
  change: (store: StorePort) => StorePort = (store) => store,
): Promise<Boot> {
  before.kill();
  const { clock, home } = before;
  const store = change(await home.again({ takeover: true }));
  const ground = await createGround({ clock, home, store });
  return { ...ground, ...createTestConversations(ground) };
}

/** A gateway in which each of these direct chats has a running turn. */
async function running(...chats: readonly number[]): Promise<Boot> {
  const ground = await createGround();
  const { access, receive } = createTestInbox(ground);
  access.dm = 'open';
  const boot = { ...ground, ...createTestConversations(ground) };
  for (const chat of chats) await receive(written(`hello ${chat}`, { chat: `telegram:${chat}` }));
  await boot.work();
  expect(boot.runs).toHaveLength(chats.length);
  return boot;
}

async function crash(boot: Boot, times: number): Promise<Boot> {
  let last = boot;
  for (let i = 0; i < times; i += 1) {
    last = await bootAfter(last);
    await last.work();
  }
  return last;
}

async function statusOf({ store }: TestGround, chat: string): Promise<Turn> {
  const turns = await store.turns.list({ status: null, conversation: null, limit: 99 });
  const turn = turns.find((one) => one.chat === chat);
  if (turn === undefined) throw new Error(`${chat} has no turn.`);
  return turn;
}

test('after one crash all turns go on at once, and none is charged', async () => {
  const boot = await bootAfter(await running(1, 2, 3));
  await boot.work();
  expect(boot.runs.map(({ turn }) => turn.attempts)).toEqual([1, 1, 1]);
  for (const run of boot.runs.slice()) await run.answer('done');
  await boot.work();
  // They have all gone on: the next crash is the first again.
  expect((await (await bootAfter(boot)).store.boots.current()).crashStreak).toBe(0);
});

test('after two crashes in a row they go on one at a time, and new work waits', async () => {
  const second = await crash(await running(1, 2), 1);
  const boot = await bootAfter(second);
  await createTestInbox(boot).receive(written('new'));
  await boot.work();
  expect(boot.runs.map(({ turn }) => turn.chat)).toEqual(['telegram:1']);
  await boot.runs[0]?.answer('one');
  await until('two runs', async () => {
    await boot.work();
    return boot.runs[0]?.turn.chat === 'telegram:2';
  });
  expect(boot.started).toHaveLength(2);
  await boot.runs[0]?.answer('two');
  await until('the new one runs', async () => {
    await boot.work();
    return boot.runs[0]?.turn.chat === 'telegram:7';
  });
});

test('whoever kills a gateway again and again as soon as it has started gets nobody given up', async () => {
  let boot = await crash(await running(1, 2), 3);
  for (let kills = 0; kills < 20; kills += 1) {
    boot = await bootAfter(boot);
    await boot.work();
    await boot.clock.pass(900);
    await boot.work();
  }
  for (const chat of ['telegram:1', 'telegram:2']) {
    expect(await statusOf(boot, chat)).toMatchObject({ status: 'running' });
  }
  // What comes meanwhile is worked on beside the one that rests.
  boot = await bootAfter(boot);
  await createTestInbox(boot).receive(written('new'));
  await until('the new one runs', async () => {
    await boot.work();
    for (const run of boot.runs.filter(({ turn }) => turn.chat === 'telegram:2')) await run.answer('two');
    return boot.runs.some(({ turn }) => turn.chat === 'telegram:7');
  });
  await boot.runs.find(({ turn }) => turn.chat === 'telegram:7')?.answer('seven');
  await until('the one that rested runs', async () => {
    await boot.clock.pass(1_000);
    await boot.work();
    return boot.runs.some(({ turn }) => turn.chat === 'telegram:1');
  });
});

test('a long turn holds the others back only for a while', async () => {
  const boot = await bootAfter(await crash(await running(1, 2), 1));
  await boot.work();
  await boot.clock.pass(30_000);
  await boot.work();
  expect(boot.runs.map(({ turn }) => turn.chat)).toEqual(['telegram:1', 'telegram:2']);
});

test('what kills only after a while is found too: with each crash it runs alone for longer', async () => {
  let boot = await running(1, 2);
  const slow = 'telegram:1';
  const innocent = 'telegram:2';
  let boots = 0;
  for (; boots < 20 && (await statusOf(boot, slow)).status === 'running'; boots += 1) {
    boot = await bootAfter(boot);
    // The slow one kills 100 s after it began; the other waits for its model all the time.
    for (let ran = 0; ran < 100_000; await boot.clock.pass(5_000)) {
      await boot.work();
      if ((await statusOf(boot, slow)).status !== 'running') break;
      if (boot.runs.some(({ turn }) => turn.chat === slow)) ran += 5_000;
    }
  }
  expect(await statusOf(boot, slow)).toMatchObject({ status: 'dead' });
  expect(await statusOf(boot, innocent)).toMatchObject({ status: 'running' });
  expect(boots).toBeLessThan(15);
});

test('a turn that kills the process is given up after five lone attempts; the innocent ones live', async () => {
  let boot = await running(1, 2, 3);
  const poison = 'telegram:2';
  let kills = 0;
  for (; kills < 20; kills += 1) {
    boot = await bootAfter(boot);
    const done = await untilPoison(boot, poison);
    if (done) break;
  }
  // Two crashes with company charge nobody; then five alone.
  expect(kills).toBe(6);
  expect(await statusOf(boot, poison)).toMatchObject({
    status: 'dead',
    reason: expect.stringContaining('given up after 5 attempts'),
  });
  expect(await boot.said(poison)).toEqual([expect.stringContaining('tiro turns why')]);
  for (const chat of ['telegram:1', 'telegram:3'] as const) {
    expect(await statusOf(boot, chat)).toMatchObject({ status: 'done' });
    expect(await boot.said(chat)).toEqual(['done']);
  }
  expect(await boot.store.events.list({ status: 'queued', limit: 9 })).toEqual([]);
});

/** Answers what runs; false when the poisoned turn runs (the process dies), true when nothing is left. */
async function untilPoison(boot: Boot, poison: string): Promise<boolean> {
  let alive = true;
  await until('it is over', async () => {
    await boot.clock.pass(1_000);
    await boot.work();
    alive = !boot.runs.some(({ turn }) => turn.chat === poison);
    if (!alive) return true;
    for (const run of boot.runs.slice()) await run.answer('done');
    const left = await boot.store.turns.list({ status: 'running', conversation: null, limit: 9 });
    return left.length === 0;
  });
  return alive;
}

test('a disk that refuses while turns are taken over: each goes on when it is back', async () => {
  const first = await running(1, 2, 3);
  let refusals = 2;
  const boot = await bootAfter(first, (store) => {
    const { resume } = store.turns;
    return withVerbs(store, 'turns', {
      resume: (input) =>
        refusals-- > 0 ? Promise.reject(new TiroError('store-unavailable', 'full')) : resume(input),
    });
  });
  await until('all three run', async () => {
    await boot.work().catch(() => undefined);
    return boot.runs.length === 3;
  });
});

test('a disk that refuses the dead letter of one does not lose the others', async () => {
  const first = await running(1, 2, 3);
  let refusals = 2;
  const boot = await bootAfter(first, (store) => {
    const { resume, append } = store.turns;
    return withVerbs(store, 'turns', {
      // The first of them has used up its attempts.
      resume: async (input) => {
        const turn = await resume(input);
        return turn === null || turn.chat !== 'telegram:1' ? turn : { ...turn, attempts: 6 };
      },
      append: (input) =>
        input.end?.status === 'dead' && refusals-- > 0
          ? Promise.reject(new TiroError('store-unavailable', 'full'))
          : append(input),
    });
  });
  await boot.work().catch(() => undefined);
  await until('two run and one is dead', async () => {
    await boot.clock.pass(5_000);
    await boot.work().catch(() => undefined);
    return boot.runs.length === 2 && (await statusOf(boot, 'telegram:1')).status === 'dead';
  });
});

test('a gateway that was overtaken takes nothing over', async () => {
  const first = await running(1);
  const second = await bootAfter(first);
  const third = await bootAfter(second);
  await expect(second.conversations.tick()).rejects.toMatchObject({ code: 'fenced' });
  expect(second.runs).toEqual([]);
  await third.work();
  expect(third.runs).toHaveLength(1);
});
