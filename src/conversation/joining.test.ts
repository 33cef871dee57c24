import { expect, test } from 'vitest';
import {
  type TestConversations,
  type TestConversationsOptions,
  type TestRun,
  createTestConversations,
} from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { submitted, written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

interface Setting extends TestGround, TestInbox, TestConversations {
  /** The only run. */
  theRun(): Promise<TestRun>;
}

async function setUp(options?: TestConversationsOptions): Promise<Setting> {
  const ground = await createGround();
  const parts = { ...ground, ...createTestInbox(ground), ...createTestConversations(ground, options) };
  const theRun = (): Promise<TestRun> =>
    until('one turn runs', () => parts.runs.length === 1 && parts.runs[0]);
  return { ...parts, theRun };
}

/** A direct chat in which `first` is being answered. */
async function answering(...first: readonly string[]): Promise<Setting> {
  const setting = await setUp();
  await setting.receive(...first.map((text) => written(text)));
  await setting.work();
  return setting;
}

async function queuedTexts({ store }: TestGround): Promise<readonly string[]> {
  const rows = await store.events.list({ status: 'queued', limit: 99 });
  return rows.toReversed().map(({ text }) => text);
}

test('the first message starts at once, and what came with it is part of it', async () => {
  const setting = await answering('one', 'two');
  const run = await setting.theRun();
  expect(run.turn.startedAt).toBe(setting.clock.now());
  expect(await run.inputs()).toEqual(['one', 'two']);
});

test('a message within the window joins, and the model call in flight is told', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  const call = run.handle.joinSignal();
  await setting.clock.pass(699);
  await setting.receive(written('two'));
  await until('the call is cancelled', () => call.aborted);
  expect(await run.inputs()).toEqual(['one', 'two']);
  // Whatever comes before the agent looks again is found in one go.
  await setting.receive(written('three'));
  await until('three joined', async () => (await run.inputs()).length === 3);
  expect(run.handle.joinSignal().aborted).toBe(true);
  const joined = await run.handle.joined();
  expect(joined.map(({ body }) => (body.kind === 'input' ? body.text : ''))).toEqual(['two', 'three']);
  expect(await run.handle.joined()).toEqual([]);
  expect(run.handle.joinSignal().aborted).toBe(false);
  expect(await run.answer('all three')).toBe(true);
});

test('an answer that did not see a message that joined is not used', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  await setting.receive(written('two'));
  await until('it joined', async () => (await run.inputs()).length === 2);
  expect(await run.answer('only to one')).toBe(false);
  await run.handle.joined();
  expect(await run.answer('to both')).toBe(true);
  expect(await setting.said('telegram:7')).toEqual(['to both']);
});

test('a wall clock that goes back does not open the window again', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  await setting.clock.pass(701);
  setting.clock.jump(-3_600_000);
  await setting.receive(written('two'));
  await setting.clock.pass(1);
  expect(await queuedTexts(setting)).toEqual(['two']);
  expect(await run.answer('only to one')).toBe(true);
});

test('at the end of the window a message waits for its own turn', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  await setting.clock.pass(700);
  await setting.receive(written('two'));
  await run.answer('first');
  await setting.work();
  expect(await (await setting.theRun()).inputs()).toEqual(['two']);
});

test.each(['close', 'seal'] as const)('after %s nothing joins, window or not', async (how) => {
  const setting = await answering('one');
  const run = await setting.theRun();
  expect(await run.handle[how]()).toBe(true);
  await setting.receive(written('two'));
  await setting.clock.pass(1);
  expect(await run.answer('first')).toBe(true);
  expect(await run.inputs()).toEqual(['one']);
  await setting.work();
  expect(await (await setting.theRun()).inputs()).toEqual(['two']);
});

test('what arrives while the turn closes is either seen or left for the next turn, never lost', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  const arriving = Promise.all(['two', 'three', 'four'].map((text) => setting.receive(written(text))));
  while (!(await run.answer('done'))) await run.handle.joined();
  await arriving;
  const seen = await run.inputs();
  await setting.work();
  const rest = setting.runs[0] === undefined ? [] : await setting.runs[0].inputs();
  expect([...seen, ...rest]).toEqual(['one', 'two', 'three', 'four']);
});

test('a message that is stored in the very commit that claims the turn joins it', async () => {
  const ground = await createGround();
  const { accept } = ground.store.events;
  const { claim } = ground.store.turns;
  const held: (() => void)[] = [];
  let holding = false;
  const inbox = createTestInbox({
    ...ground,
    store: withVerbs(ground.store, 'events', {
      accept: (input) =>
        holding ? new Promise((resolve) => held.push(() => resolve(accept(input)))) : accept(input),
    }),
  });
  const { work, runs } = createTestConversations({
    ...ground,
    store: withVerbs(ground.store, 'turns', {
      claim: (plan) => {
        const claimed = claim(plan);
        for (const release of held.splice(0)) release();
        return claimed;
      },
    }),
  });
  await inbox.receive(written('one'));
  holding = true;
  const receiving = inbox.receive(written('two'));
  await until('it is on its way', () => held.length === 1);
  await work();
  await receiving;
  const run = await until('a turn runs', () => runs[0]);
  await until('both are in one turn', async () => (await run.inputs()).length === 2, 1_000);
  expect(await queuedTexts(ground)).toEqual([]);
});

test('one turn takes in twenty messages at most', async () => {
  const setting = await answering(...Array.from({ length: 15 }, (_, i) => `${i}`));
  const run = await setting.theRun();
  await setting.receive(...Array.from({ length: 15 }, (_, i) => written(`${15 + i}`)));
  await until('it is full', async () => (await run.inputs()).length === 20);
  expect(await queuedTexts(setting)).toHaveLength(10);
});

test.each(['api', 'cli'] as const)(
  '%s: one message, one answer, however quickly they come',
  async (channel) => {
    const setting = await setUp();
    const { conversation } = await setting.submit(submitted('one', { channel }));
    await setting.work();
    const run = await setting.theRun();
    await setting.submit(submitted('two', { channel, conversation }));
    // The page looks at the same conversation.
    await setting.submit(submitted('three', { conversation }));
    await setting.clock.pass(1);
    expect(run.handle.joinSignal().aborted).toBe(false);
    await run.answer('one');
    await setting.work();
    expect(await (await setting.theRun()).inputs()).toEqual(['two']);
  },
);

test('steer: what waits joins at the next step, and only then', async () => {
  const setting = await answering('one');
  setting.settings.queue = 'steer';
  const run = await setting.theRun();
  await setting.clock.pass(5_000);
  await run.step('let me look');
  const call = run.handle.joinSignal();
  await setting.receive(written('not there, here'));
  await setting.clock.pass(1);
  expect([call.aborted, await queuedTexts(setting)]).toEqual([false, ['not there, here']]);
  const [joined] = await run.handle.joined();
  expect(joined?.body).toMatchObject({ kind: 'input', text: 'not there, here' });
  expect(await run.answer('here')).toBe(true);
});

test('queue: what waits does not join at a step', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  await setting.clock.pass(5_000);
  await setting.receive(written('two'));
  expect(await run.handle.joined()).toEqual([]);
});

test('interrupt: the running turn is stopped and the newer message answered', async () => {
  const setting = await answering('one');
  setting.settings.queue = 'interrupt';
  const run = await setting.theRun();
  await setting.clock.pass(5_000);
  await setting.receive(written('two'), written('three'));
  await until('it is stopped', () => run.left());
  expect(await setting.store.turns.get(run.turn.id)).toMatchObject({
    status: 'cancelled',
    reason: 'interrupted by a newer message',
  });
  await setting.work();
  expect(await (await setting.theRun()).inputs()).toEqual(['two', 'three']);
  expect(setting.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('interrupt: an answer that was shown within the window is stopped as well, since nothing can join it', async () => {
  const setting = await answering('one');
  setting.settings.queue = 'interrupt';
  const run = await setting.theRun();
  expect(await run.handle.seal()).toBe(true);
  await setting.receive(written('two'));
  await until('it is stopped', () => run.left());
  await setting.work();
  expect(await (await setting.theRun()).inputs()).toEqual(['two']);
});

test('interrupt: many at once stop it once, and quietly', async () => {
  const setting = await answering('one');
  setting.settings.queue = 'interrupt';
  const run = await setting.theRun();
  await setting.clock.pass(5_000);
  await Promise.all(['a', 'b', 'c', 'd'].map((text) => setting.receive(written(text))));
  await until('it is stopped', () => run.left());
  await setting.work();
  expect(await (await setting.theRun()).inputs()).toHaveLength(4);
  expect(setting.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('a stopped run that is slow to end hides nobody: a message joins the turn that runs now', async () => {
  const held = Promise.withResolvers<void>();
  const isHeld = [true, false];
  const setting = await setUp({ onRun: () => (isHeld.shift() === true ? held.promise : undefined) });
  await setting.receive(written('one', { messageId: 'first' }));
  await setting.work();
  await setting.receive(written('uno', { messageId: 'first', kind: 'edit' }));
  await setting.work();
  const [, second] = await until('it runs again', () => setting.started.length === 2 && setting.started);
  expect(await second?.inputs()).toEqual(['uno']);
  await setting.receive(written('two'));
  await until('it joined', async () => (await second?.inputs())?.length === 2);
  held.resolve();
  await until('the first has ended', () => setting.runs.length === 1);
});

test('the mode of one conversation goes before that of the config', async () => {
  const setting = await answering('one');
  const run = await setting.theRun();
  await setting.store.conversations.setQueueMode({ conversation: run.turn.conversation, mode: 'steer' });
  await setting.clock.pass(5_000);
  await setting.receive(written('two'));
  expect(await run.handle.joined()).toHaveLength(1);
});
