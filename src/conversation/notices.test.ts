import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { createTestConversations, type TestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

type Setting = TestGround & TestInbox & TestConversations;

async function setUp(change: (ground: TestGround) => TestGround = (it) => it): Promise<Setting> {
  const ground = change(await createGround());
  return { ...ground, ...createTestInbox(ground), ...createTestConversations(ground) };
}

const sevenHours = 7 * 3_600_000;

function old(setting: Setting, text: string, chat = 'telegram:7'): Promise<unknown> {
  return setting.receive(written(text, { chat, sentAt: setting.clock.now() - sevenHours }));
}

test('who waits behind a running turn is told once per turn, after a moment', async () => {
  const setting = await setUp();
  await setting.receive(written('one'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  await setting.clock.pass(1_000);
  await setting.receive(written('two'));
  await setting.work();
  expect(await setting.said('telegram:7')).toEqual([]);
  for (let i = 0; i < 8; i += 1) {
    await setting.clock.pass(500);
    await setting.receive(written(`more ${i}`));
    await setting.work();
  }
  expect(await setting.said('telegram:7')).toEqual([expect.stringMatching(/^Queued: .*\/stop ends it\.$/)]);
  await run.answer('first');
  await setting.work();
  await until('the next runs', () => setting.runs[0]?.turn.id !== run.turn.id && setting.runs[0]);
  await setting.clock.pass(5_000);
  await setting.receive(written('again'));
  await setting.clock.pass(2_000);
  await setting.work();
  expect((await setting.said('telegram:7')).filter((text) => text.startsWith('Queued'))).toHaveLength(2);
});

test('nobody else is told, and waiting costs no more writes than the one', async () => {
  let says = 0;
  const setting = await setUp((ground) => {
    const { say } = ground.store.conversations;
    const counted = (input: Parameters<typeof say>[0]): ReturnType<typeof say> => {
      says += 1;
      return say(input);
    };
    return { ...ground, store: withVerbs(ground.store, 'conversations', { say: counted }) };
  });
  await setting.receive(written('one'), written('one', { chat: 'telegram:8' }));
  await setting.work();
  await setting.clock.pass(1_000);
  await setting.receive(written('two'));
  for (let i = 0; i < 20; i += 1) {
    await setting.clock.pass(500);
    await setting.work();
  }
  expect(await setting.said('telegram:8')).toEqual([]);
  expect(says).toBe(1);
});

test('messages of before the downtime: one question a chat, whatever their number', async () => {
  const setting = await setUp();
  await old(setting, 'a');
  await old(setting, 'b');
  await old(setting, 'c', 'telegram:8');
  await setting.work();
  expect(setting.started).toHaveLength(0);
  expect(await setting.said('telegram:7')).toEqual([
    expect.stringContaining('2 messages of yours from 7 hours ago are unanswered'),
  ]);
  expect(await setting.said('telegram:8')).toEqual([expect.stringContaining('A message of yours')]);
  await setting.receive(written('yes'));
  await setting.receive(written('no', { chat: 'telegram:8' }));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  expect(await run.inputs()).toEqual(['a', 'b']);
  expect(setting.runs).toHaveLength(1);
});

test('fresh messages are answered beside the question about the old ones', async () => {
  const setting = await setUp();
  await old(setting, 'old');
  await setting.receive(written('fresh'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  expect(await run.inputs()).toEqual(['fresh']);
  expect(await setting.said('telegram:7')).toHaveLength(1);
});

test.each([
  ['the process dies', true],
  ['the disk refuses', false],
])(
  '%s between setting the old messages aside and asking: the question is asked after all',
  async (_, dies) => {
    let refusals = 1;
    const first = await setUp((ground) => {
      const { say } = ground.store.conversations;
      const refuse = (input: Parameters<typeof say>[0]): ReturnType<typeof say> =>
        refusals-- > 0 ? Promise.reject(new TiroError('store-unavailable', 'full')) : say(input);
      return { ...ground, store: withVerbs(ground.store, 'conversations', { say: refuse }) };
    });
    await old(first, 'a');
    await old(first, 'b');
    await expect(first.work()).rejects.toMatchObject({ code: 'store-unavailable' });
    if (dies) {
      first.kill();
      const { clock, home } = first;
      const ground = await createGround({ clock, home, store: await home.again({ takeover: true }) });
      const next = createTestConversations(ground);
      await next.work();
      await next.work();
      expect(await ground.said('telegram:7')).toEqual([expect.stringContaining('2 messages of yours')]);
    } else {
      await first.work();
      await first.work();
      expect(await first.said('telegram:7')).toEqual([expect.stringContaining('2 messages of yours')]);
    }
  },
);

test('a question that was asked is not asked again at the next start', async () => {
  const first = await setUp();
  await old(first, 'a');
  await first.work();
  first.kill();
  const { clock, home } = first;
  const ground = await createGround({ clock, home, store: await home.again({ takeover: true }) });
  await createTestConversations(ground).work();
  expect(await ground.said('telegram:7')).toHaveLength(1);
});
