import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import {
  type TestConversations,
  type TestConversationsOptions,
  createTestConversations,
} from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

type Setting = TestGround & TestInbox & TestConversations;

async function setUp(
  options: TestConversationsOptions = {},
  change: (ground: TestGround) => TestGround = (it) => it,
): Promise<Setting> {
  const ground = change(await createGround());
  return { ...ground, ...createTestInbox(ground), ...createTestConversations(ground, options) };
}

/** Lets time pass until nothing is running and nothing is due any more. */
async function untilQuiet(setting: Setting): Promise<void> {
  await until('nothing runs', async () => {
    await setting.work();
    await setting.clock.pass(30_000);
    const running = await setting.store.turns.list({ status: 'running', conversation: null, limit: 9 });
    const waiting = await setting.store.events.list({ status: 'queued', limit: 9 });
    return running.length + waiting.length === 0;
  });
}

const outage = new TiroError('store-unavailable', 'The disk is full.');

test('a defect is tried again, later each time, and goes on where the rows stand', async () => {
  let failures = 2;
  const setting = await setUp({
    onRun: async (run) => {
      if (failures-- > 0) throw new Error('broken');
      await run.answer('in the end');
    },
  });
  await setting.receive(written('hello'));
  await setting.work();
  await until('it is deferred', async () => {
    const [turn] = await setting.store.turns.list({ status: 'running', conversation: null, limit: 1 });
    return turn !== undefined && turn.dueAt > setting.clock.now();
  });
  await setting.work();
  expect(setting.started).toHaveLength(1);
  await untilQuiet(setting);
  expect(setting.started).toHaveLength(3);
  expect(await setting.said('telegram:7')).toEqual(['in the end']);
});

test('five defects in a row: a dead letter, a word to the person, and redrive answers it', async () => {
  let broken = true;
  const setting = await setUp({
    onRun: async (run) => {
      if (broken) throw new Error('broken');
      await run.answer('mended');
    },
  });
  const [event] = await setting.receive(written('hello'));
  await setting.work();
  await untilQuiet(setting);
  expect(setting.started).toHaveLength(5);
  const [dead] = await setting.store.turns.list({ status: 'dead', conversation: null, limit: 9 });
  if (event === undefined || dead === undefined) throw new Error('There is no dead letter.');
  expect(dead.reason).toBe('given up after 5 attempts: broken');
  expect(await setting.store.events.get(event.id)).toMatchObject({ status: 'dead' });
  expect(await setting.said('telegram:7')).toEqual([expect.stringContaining(`tiro turns why ${dead.id}`)]);
  const steps = await setting.store.steps.ofTurn(dead.id);
  expect(steps.map(({ body }) => body.kind)).toEqual(['input', 'notice', 'end']);
  broken = false;
  expect(await setting.store.turns.redrive({ turn: dead.id, at: setting.clock.now() })).toBe(true);
  await setting.work();
  await untilQuiet(setting);
  expect((await setting.said('telegram:7')).at(-1)).toBe('mended');
});

test('a step that was committed clears the count', async () => {
  let runs = 0;
  const setting = await setUp({
    onRun: async (run) => {
      runs += 1;
      if (runs === 4) await run.step('some progress');
      if (runs < 9) throw new Error('broken');
      await run.answer('done');
    },
  });
  await setting.receive(written('hello'));
  await setting.work();
  await untilQuiet(setting);
  expect((await setting.said('telegram:7')).at(-1)).toBe('done');
});

test('a store that is away does not charge the turn, however often', async () => {
  let failures = 12;
  const setting = await setUp({
    onRun: async (run) => {
      if (failures-- > 0) throw outage;
      await run.answer('here I am');
    },
  });
  await setting.receive(written('hello'));
  await setting.work();
  await untilQuiet(setting);
  expect(await setting.said('telegram:7')).toEqual(['here I am']);
});

test('after an outage nothing that joined meanwhile is missed or seen twice', async () => {
  let failures = 1;
  const setting = await setUp({
    onRun: () => {
      if (failures-- > 0) throw outage;
    },
  });
  await setting.receive(written('one'));
  await setting.work();
  await setting.receive(written('two'));
  const run = await until('it runs again', async () => {
    await setting.clock.pass(1_000);
    return setting.started.length === 2 && setting.runs[0];
  });
  expect(await run.handle.joined()).toEqual([]);
  expect(run.handle.joinSignal().aborted).toBe(false);
  const seen = await run.inputs();
  expect(await run.answer('done')).toBe(true);
  await setting.work();
  const rest = setting.runs[0] === undefined ? [] : await setting.runs[0].inputs();
  expect([...seen, ...rest]).toEqual(['one', 'two']);
});

test('a turn that is stopped while the store is away stays stopped', async () => {
  const setting = await setUp({
    onRun: () => {
      throw outage;
    },
  });
  const [event] = await setting.receive(written('hello'));
  const conversation = event?.conversation ?? null;
  if (conversation === null) throw new Error('There is no conversation.');
  await setting.work();
  await setting.store.turns.stop({ conversation, by: 'ann', upTo: null, at: setting.clock.now() });
  await until('it has ended', () => setting.conversations.runningCount() === 0);
  await untilQuiet(setting);
  expect(setting.started).toHaveLength(1);
});

test('fenced: it stops quietly, and the row is left to whoever has it now', async () => {
  const setting = await setUp();
  await setting.receive(written('hello'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  run.fail(new TiroError('fenced', 'A newer gateway has this home.'));
  await until('it has ended', () => setting.conversations.runningCount() === 0);
  expect(await setting.store.turns.get(run.turn.id)).toMatchObject({ status: 'running', attempts: 1 });
  expect(setting.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('a disk that refuses the dead letter too: it is written when the disk is back', async () => {
  let refusals = 3;
  const setting = await setUp(
    {
      onRun: () => {
        throw new Error('broken');
      },
    },
    (ground) => {
      const { append } = ground.store.turns;
      const refuse = (input: Parameters<typeof append>[0]): ReturnType<typeof append> =>
        input.end?.status === 'dead' && refusals-- > 0 ? Promise.reject(outage) : append(input);
      return { ...ground, store: withVerbs(ground.store, 'turns', { append: refuse }) };
    },
  );
  await setting.receive(written('hello'));
  await setting.work();
  await untilQuiet(setting);
  expect(refusals).toBeLessThanOrEqual(0);
  expect(await setting.said('telegram:7')).toHaveLength(1);
});

test('what waits behind a turn that is tried again later is told so, and goes on after it', async () => {
  const setting = await setUp({
    onRun: async (run) => {
      if ((await run.inputs()).includes('poison')) throw new Error('broken');
      await run.answer('fine');
    },
  });
  await setting.receive(written('poison'));
  await setting.work();
  await until('it is deferred', () => setting.runs.length === 0);
  await setting.clock.pass(700);
  await setting.receive(written('and this?'));
  await setting.clock.pass(2_000);
  await setting.work();
  await untilQuiet(setting);
  const said = await setting.said('telegram:7');
  expect(said[0]).toMatch(/^Queued: /);
  expect(said.at(-1)).toBe('fine');
});
