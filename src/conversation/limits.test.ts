import { expect, test } from 'vitest';
import { createTestConversations, type TestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { submitted, written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

type Setting = TestGround & TestInbox & TestConversations;

async function setUp(options: Parameters<typeof createTestConversations>[1] = {}): Promise<Setting> {
  const ground = await createGround();
  const answered: Parameters<typeof createTestConversations>[1] = {
    onRun: (run) => void run.answer(`answer ${run.turn.person}`),
    ...options,
  };
  return { ...ground, ...createTestInbox(ground), ...createTestConversations(ground, answered) };
}

/** Works until nothing is left that may run now. */
async function settle(setting: Setting): Promise<void> {
  await setting.work();
  await until('nothing runs', () => setting.runs.length === 0);
  await setting.work();
}

async function sayApart(setting: Setting, count: number, chat: string): Promise<void> {
  for (let i = 0; i < count; i += 1)
    await setting.receive(written(`${i}`, { chat: `${chat}/${i}`, from: chat.slice(9) }));
}

test('a guest starts a fifth of what a member may, and whoever has more waits his turn; nothing is lost', async () => {
  const setting = await setUp();
  setting.settings.turnsPerMinute = 10;
  setting.access.dm = 'open';
  await sayApart(setting, 12, 'telegram:8');
  await sayApart(setting, 4, 'telegram:99');
  for (let i = 0; i < 20; i += 1) await settle(setting);
  const of = (role: string): number => setting.started.filter(({ turn }) => turn.role === role).length;
  expect([of('member'), of('guest')]).toEqual([10, 2]);
  await setting.clock.pass(60_000);
  for (let i = 0; i < 20; i += 1) await settle(setting);
  expect([of('member'), of('guest')]).toEqual([12, 4]);
  expect(await setting.store.events.countByStatus()).toMatchObject({ queued: 0, done: 16 });
});

test('the owner waits for nobody, on a platform or at a door of their own', async () => {
  const setting = await setUp();
  setting.settings.turnsPerMinute = 1;
  await sayApart(setting, 8, 'telegram:7');
  for (let i = 0; i < 4; i += 1) {
    await setting.submit(
      submitted(`${i}`, { channel: 'api', isolated: true, user: 'robert', chat: 'robert' }),
    );
  }
  for (let i = 0; i < 20; i += 1) await settle(setting);
  expect(setting.started).toHaveLength(12);
});

test('who waits for his limit is told once, within two seconds, and the next wait is told again', async () => {
  const setting = await setUp();
  setting.settings.turnsPerMinute = 1;
  await setting.receive(written('one', { chat: 'telegram:8' }));
  await settle(setting);
  const told = async (): Promise<readonly string[]> =>
    (await setting.said('telegram:8')).filter((text) => text.startsWith('Queued'));
  const second = async (text: string): Promise<void> => {
    await setting.clock.pass(701);
    await setting.receive(written(text, { chat: 'telegram:8' }));
    for (let i = 0; i < 8; i += 1) {
      await setting.work();
      await setting.clock.pass(250);
    }
  };
  await second('two');
  expect(await told()).toEqual([expect.stringMatching(/^Queued: you write faster .* I go on in 5\d s\./)]);
  await second('three');
  expect(await told()).toHaveLength(1);
  await setting.clock.pass(60_000);
  await settle(setting);
  await second('four');
  expect(await told()).toHaveLength(2);
});

test('who waits for a free place is told once; a wait that ends before is not spoken of', async () => {
  const setting = await setUp({ maxRunning: 1, onRun: () => undefined });
  await setting.receive(written('one'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  await setting.receive(written('me too', { chat: 'telegram:8' }));
  await setting.clock.pass(1_000);
  await setting.work();
  expect(await setting.said('telegram:8')).toEqual([]);
  for (let i = 0; i < 6; i += 1) {
    await setting.clock.pass(500);
    await setting.work();
  }
  expect(await setting.said('telegram:8')).toEqual([expect.stringMatching(/^Queued: I am busy with others/)]);
  await run.answer('first');
  await setting.work();
  await until('the next runs', () => setting.runs[0]?.turn.person === 'bob');
  await setting.clock.pass(5_000);
  await setting.work();
  expect(await setting.said('telegram:8')).toHaveLength(1);
});

test('of a crowd that waits, no more are told in a minute than the bound, also when others move up', async () => {
  const setting = await setUp({ maxRunning: 1, maxPlaceNotices: 5, onRun: () => undefined });
  setting.access.dm = 'open';
  await setting.receive(written('first'));
  await setting.work();
  const crowd = Array.from({ length: 100 }, (_, i) => written('hello', { chat: `telegram:${1_000 + i}` }));
  await setting.receive(...crowd);
  const notices = async (): Promise<number> => {
    const rows = await setting.store.outbox.list({ status: null, limit: 999 });
    return rows.filter(({ body }) => 'markdown' in body && body.markdown.startsWith('Queued')).length;
  };
  const answerNext = async (): Promise<void> => {
    await setting.clock.pass(500);
    await setting.work();
    const run = await until('one runs', () => setting.runs[0]);
    await run.answer('so');
    await until('it has ended', () => setting.runs[0] !== run);
    await setting.work();
  };
  for (let i = 0; i < 20; i += 1) await answerNext();
  expect(await notices()).toBe(5);
  await setting.clock.pass(60_000);
  for (let i = 0; i < 20; i += 1) await answerNext();
  expect(await notices()).toBe(10);
});
