import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTestConversations, type TestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

/** Six people, a direct chat each; the last two are listed twice over, so that a person can have more chats than one. */
const chats = [1, 2, 3, 4, 5, 6].map((id) => `telegram:${id}` as const);

async function setUp(
  options: Parameters<typeof createTestConversations>[1] = {},
): Promise<TestGround & TestInbox & TestConversations> {
  const member = { role: 'member', timezone: null, language: null, approve: null } as const;
  const listed = {
    one: { ...member, identities: ['telegram:1', 'telegram:2', 'telegram:3'] },
    two: { ...member, identities: ['telegram:4', 'telegram:5'] },
    three: { ...member, identities: ['telegram:6'] },
  };
  const ground = await createGround({ listed });
  return { ...ground, ...createTestInbox(ground), ...createTestConversations(ground, options) };
}

type Deed =
  | { readonly type: 'write'; readonly chat: number; readonly count: number }
  | { readonly type: 'work' | 'answer' | 'step' | 'fail' }
  | { readonly type: 'pass'; readonly ms: number };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      chat: fc.nat({ max: chats.length - 1 }),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('work' as const, 'answer' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('step' as const, 'fail' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(100, 800, 2_000) }),
  },
);

const modes = fc.constantFrom('queue' as const, 'steer' as const, 'interrupt' as const);

test('whatever happens in whatever order, each message is part of one turn, in the order of its chat', async () => {
  const setting = await setUp({ maxRunning: 4, maxPerPerson: 2, maxEvents: 5 });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 40 }), modes, async (deeds, mode) => {
      round += 1;
      setting.settings.queue = mode;
      const first = (await setting.store.steps.lastSeq()) + 1;
      const written = await play(setting, deeds, round);
      await finish(setting);
      const seen = await inputsSince(setting, first);
      for (const chat of chats) expect(seen.get(chat) ?? []).toEqual(written.get(chat) ?? []);
    }),
    { numRuns: 25 },
  );
}, 60_000);

type Setting = Awaited<ReturnType<typeof setUp>>;

async function play(
  setting: Setting,
  deeds: readonly Deed[],
  round: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = new Map<string, string[]>();
  let number = 0;
  for (const one of deeds) {
    if (one.type === 'pass') await setting.clock.pass(one.ms);
    if (one.type === 'work') await setting.conversations.tick();
    if (one.type === 'step') await setting.runs[0]?.step('working').catch(expectFenced);
    if (one.type === 'fail') setting.runs.at(-1)?.fail(new Error('broken'));
    if (one.type === 'answer') await answer(setting);
    if (one.type !== 'write') continue;
    const chat = chats[one.chat] ?? chats[0];
    const texts = Array.from({ length: one.count }, () => `${round}.${(number += 1)}`);
    all.set(chat ?? '', [...(all.get(chat ?? '') ?? []), ...texts]);
    await setting.receive(...texts.map((text) => written(text, { ...(chat && { chat }) })));
  }
  return all;
}

/** The oldest run answers, if it is still ours to answer. */
async function answer(setting: Setting): Promise<void> {
  const [run] = setting.runs;
  if (run === undefined) return;
  await run.handle.joined();
  await run.answer('done').catch(expectFenced);
}

/** A newer message may interrupt it in that moment. */
function expectFenced(error: unknown): void {
  expect(error).toMatchObject({ code: 'fenced' });
}

async function finish(setting: Setting): Promise<void> {
  await until('nothing is left', async () => {
    await setting.work();
    while (setting.runs.length > 0) await answer(setting);
    await setting.clock.pass(10_000);
    const counts = await setting.store.events.countByStatus();
    return counts.queued + counts.running === 0;
  });
}

/** What the turns since then were given, by chat and in the order of the steps. */
async function inputsSince(
  { store }: TestGround,
  first: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const steps = await store.steps.since({ seq: first - 1, conversation: null, limit: 100_000 });
  const byChat = new Map<string, string[]>();
  for (const { body } of steps) {
    if (body.kind !== 'input') continue;
    const chat = await chatOf(store, body.event);
    byChat.set(chat, [...(byChat.get(chat) ?? []), body.text]);
  }
  return byChat;
}

async function chatOf(store: TestGround['store'], id: string): Promise<string> {
  const events = await store.events.list({ status: null, limit: 100_000 });
  return events.find((event) => event.id === id)?.chat ?? 'none';
}

test('fair over people: one with many chats does not keep the others waiting', async () => {
  const setting = await setUp({ maxRunning: 3 });
  for (const chat of chats) await setting.receive(written('hello', { chat }));
  await setting.work();
  const people = setting.runs.map(({ turn }) => turn.person);
  expect(people.toSorted()).toEqual(['one', 'three', 'two']);
});

test('who comes last does not wait until all the older messages of everybody else are answered', async () => {
  const setting = await setUp({ maxRunning: 1, maxEvents: 1 });
  for (const chat of ['telegram:1', 'telegram:4']) {
    const backlog = Array.from({ length: 12 }, (_, n) => written(`old ${n}`, { chat }));
    await setting.receive(...backlog);
  }
  await setting.receive(written('new', { chat: 'telegram:6' }));
  const isServed = (): boolean => setting.started.some(({ turn }) => turn.person === 'three');
  for (let served = 0; served < 24 && !isServed(); served += 1) {
    await setting.work();
    await setting.runs[0]?.answer('done');
    await until('it has settled', () => setting.runs.length === 0);
  }
  expect(isServed()).toBe(true);
  expect(setting.started.length).toBeLessThanOrEqual(4);
  const others = new Set(setting.started.map(({ turn }) => turn.person));
  expect([...others]).toContain('one');
});

test('one person has at most so many turns at once; the rest waits and is not dropped', async () => {
  const setting = await setUp({ maxPerPerson: 2 });
  for (const chat of chats) await setting.receive(written('hello', { chat }));
  await setting.work();
  const mine = (): number => setting.runs.filter(({ turn }) => turn.person === 'one').length;
  expect([mine(), setting.runs.length]).toEqual([2, 5]);
  await setting.runs.find(({ turn }) => turn.person === 'one')?.answer('done');
  await until('the third runs', async () => {
    await setting.work();
    return setting.started.filter(({ turn }) => turn.person === 'one').length === 3;
  });
  expect(mine()).toBe(2);
});

test('one conversation, one running turn', async () => {
  const setting = await setUp();
  await setting.receive(written('one', { chat: 'telegram:1' }));
  await setting.work();
  await setting.clock.pass(1_000);
  await setting.receive(written('two', { chat: 'telegram:1' }));
  await setting.work();
  expect(setting.runs).toHaveLength(1);
});
