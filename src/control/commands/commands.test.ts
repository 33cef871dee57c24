import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { parkTurn } from '#test/kernel/asks.ts';
import { type TestControl, createTestControl } from '#test/kernel/control.ts';
import { type TestConversations, createTestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { submitted, written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

type Setting = TestGround & TestInbox & TestConversations & TestControl;

async function setUp(): Promise<Setting> {
  const ground = await createGround();
  const inbox = createTestInbox(ground);
  return { ...ground, ...inbox, ...createTestControl(ground, inbox), ...createTestConversations(ground) };
}

/** Ann's turn is running. */
async function working(): Promise<Setting> {
  const setting = await setUp();
  await setting.receive(written('hello'));
  await setting.work();
  expect(setting.runs).toHaveLength(1);
  return setting;
}

test('commands are answered while a turn runs, each in its own commit with its step', async () => {
  const setting = await working();
  await setting.clock.pass(5_000);
  expect(await setting.command('/help')).toContain('/approve ID');
  expect(await setting.command('/status')).toMatch(
    /I am working on an answer since 5 s\.\n.*fake\/large.*queue/,
  );
  expect(await setting.command('/approve 7F3K')).toBe('There is no approval 7F3K.');
  expect(await setting.command('/deny 7F3K')).toBe('There is no approval 7F3K.');
  expect(await setting.command('/stop')).toBe('Stopped: 1 running answer.');
  const steps = await setting.store.steps.since({ seq: 0, conversation: null, limit: 99 });
  expect(steps.filter(({ body }) => body.kind === 'notice')).toHaveLength(5);
  expect(await setting.store.events.commands(9)).toEqual([]);
});

test('/stop ends what runs, withdraws what waits, voids what is asked and halts what is unsent', async () => {
  const setting = await setUp();
  await setting.receive(written('list the files'));
  const parked = await parkTurn(setting, '7F3K');
  await setting.receive(written('and now?'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  await setting.clock.pass(1_000);
  const [waiting] = await setting.receive(written('hurry'));
  await setting.store.conversations.say({
    key: 'unsent',
    chat: 'telegram:7',
    conversation: run.turn.conversation,
    newConversation: setting.ids.conversation(),
    person: 'ann',
    body: { kind: 'notice', text: 'unsent' },
    deliveries: setting.compose.say({
      chat: 'telegram:7',
      markdown: 'unsent',
      key: 'unsent',
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    at: setting.clock.now(),
  });
  await setting.receive(written('/stop'));
  await createTestControl(setting).commands.tick();
  await until('the run is aborted', () => run.left());
  expect(await setting.said('telegram:7')).toEqual([
    'Stopped: 2 running answers, 1 waiting message, 1 open approval, 1 unsent delivery.',
  ]);
  expect(await setting.store.turns.get(run.turn.id)).toMatchObject({ status: 'cancelled' });
  expect(await setting.store.turns.get(parked.id)).toMatchObject({ status: 'cancelled' });
  expect(await setting.store.events.get(waiting?.id ?? 'evt_')).toMatchObject({ status: 'withdrawn' });
  expect(await setting.command('/approve 7F3K')).toBe('Approval 7F3K is void already. Nothing was changed.');
  await setting.work();
  expect(setting.runs).toEqual([]);
  expect(await setting.command('/stop')).toBe('There is nothing to stop.');
});

test('/stop reaches what runs in the conversation that /new has closed, and no other chat', async () => {
  const setting = await working();
  await setting.receive(written('hello', { chat: 'telegram:8' }));
  await setting.work();
  await setting.command('/new');
  expect(await setting.command('/stop')).toBe('Stopped: 1 running answer.');
  await until('only the other runs', () => setting.runs.length === 1);
  expect(setting.runs[0]?.turn.chat).toBe('telegram:8');
});

// Fails: TurnsPort.stop cannot tell what came before the command from what came after it.
test('/stop does not touch what was written after it', async () => {
  const setting = await setUp();
  const [, , after] = await setting.receive(written('hello'), written('/stop'), written('do this instead'));
  await setting.commands.tick();
  expect(await setting.store.events.get(after?.id ?? 'evt_')).toMatchObject({ status: 'queued' });
});

test('abuse/A12: a guest may help and stop himself, and nothing else', async () => {
  const setting = await setUp();
  setting.access.dm = 'open';
  const guest = { chat: 'telegram:50' };
  expect(await setting.command('/help', guest)).not.toMatch(/approve|model|queue/);
  for (const text of ['/status', '/new', '/model fake/small', '/queue steer', '/spend', '/approve 7F3K']) {
    expect(await setting.command(text, guest)).toMatch(/is not for a guest/);
  }
  expect(await setting.command('/stop', guest)).toBe('There is nothing to stop.');
  expect(await setting.command('/pair AAAA-AAAA', guest)).toMatch(/wrong, used or expired/);
});

test('/queue and /model change this conversation, bad words are answered with the good ones', async () => {
  const setting = await working();
  const conversation = setting.runs[0]?.turn.conversation ?? 'cnv_';
  expect(await setting.command('/queue steer')).toBe('Messages you send while I work: steer.');
  expect(await setting.command('/queue never')).toContain('`/queue interrupt`');
  expect(await setting.command('/queue')).toContain('`/queue queue`');
  expect(await setting.command('/model')).toContain('uses fake/large. Known: fake/large, fake/small.');
  expect(await setting.command('/model nothing')).toBe(
    'There is no model nothing. Known: fake/large, fake/small.',
  );
  expect(await setting.command('/model fake/small')).toBe('From now on fake/small answers here.');
  const row = await setting.store.conversations.get(conversation);
  expect(row).toMatchObject({ queueMode: 'steer', model: 'fake/small' });
  expect(await setting.command('/model default')).toBe('Back to fake/large.');
});

test('/spend counts the calls of today, those without a price too', async () => {
  const setting = await setUp();
  const { store, clock, ids } = setting;
  const spend = {
    turn: null,
    conversation: null,
    person: 'ann',
    purpose: 'turn',
    model: 'm',
    reservedUsd: 0.5,
  };
  for (const priced of [true, false]) {
    const id = ids.spend();
    await store.spend.reserve({ spend: { id, ...spend, priced }, limits: [], at: clock.now() });
    const usage = { promptTokens: 10, cachedTokens: 0, completionTokens: 5 };
    await store.spend.settle({ id, model: 'm', costUsd: priced ? 0.25 : 0, usage, at: clock.now() });
  }
  expect(await setting.command('/spend')).toBe(
    'Spent today: $0.2500 in 2 model calls (30 tokens). 1 of them have no known price and count as $0.',
  );
});

test('/new is answered in the new conversation', async () => {
  const setting = await working();
  const old = setting.runs[0]?.turn.conversation;
  expect(await setting.command('/new')).toMatch(/^A new conversation begins/);
  const open = await setting.store.conversations.openOf('telegram:7');
  expect(open?.id).not.toBe(old);
});

test('a command of the page is answered as a step, for there is nothing to send', async () => {
  const setting = await setUp();
  const { event, conversation } = await setting.submit(submitted('/help'));
  await createTestControl(setting).commands.tick();
  expect(await setting.store.events.get(event)).toMatchObject({ status: 'done' });
  const steps = await setting.store.steps.ofConversation(conversation);
  expect(steps.map(({ body }) => body.kind)).toEqual(['notice']);
  expect(await setting.store.outbox.list({ status: null, limit: 9 })).toEqual([]);
});

test('a command that meets a defect is tried again, and in the end says so', async () => {
  const setting = await setUp();
  const store = withVerbs(setting.store, 'spend', { byDay: () => Promise.reject(new Error('broken')) });
  const { commands } = createTestControl({ ...setting, store });
  const [event] = await setting.receive(written('/spend'));
  await setting.receive(written('/help', { chat: 'telegram:8' }));
  for (let i = 0; i < 5; i += 1) await commands.tick();
  expect(await setting.said('telegram:7')).toEqual([expect.stringMatching(/^Sorry, this command failed/)]);
  expect(await setting.said('telegram:8')).toHaveLength(1);
  expect(await setting.store.events.get(event?.id ?? 'evt_')).toMatchObject({
    status: 'done',
    reason: 'broken',
  });
});

test('a store that is away: nothing is answered, nothing is charged, and it is done when it is back', async () => {
  const setting = await setUp();
  let away = true;
  const { settleCommand } = setting.store.events;
  const store = withVerbs(setting.store, 'events', {
    settleCommand: (input) =>
      away ? Promise.reject(new TiroError('store-unavailable', 'full')) : settleCommand(input),
  });
  const { commands } = createTestControl({ ...setting, store });
  await setting.receive(written('/help'));
  for (let i = 0; i < 7; i += 1) {
    await expect(commands.tick()).rejects.toMatchObject({ code: 'store-unavailable' });
  }
  away = false;
  await commands.tick();
  expect(await setting.said('telegram:7')).toEqual([expect.stringContaining('Commands:')]);
});

test('a flood of commands in one chat does not keep the others waiting', async () => {
  const setting = await setUp();
  setting.access.dm = 'open';
  const { commands } = createTestControl(setting);
  await setting.receive(...Array.from({ length: 60 }, () => written('/help', { chat: 'telegram:50' })));
  await setting.receive(written('/stop'));
  expect(await commands.tick()).toBe(true);
  expect(await setting.said('telegram:7')).toEqual(['There is nothing to stop.']);
  while (await commands.tick()) void 0;
  expect(await setting.said('telegram:50')).toHaveLength(60);
});

test('what no longer reads as a command is answered, not left lying', async () => {
  const setting = await setUp();
  await setting.receive(written('/help'));
  const store = withVerbs(setting.store, 'events', {
    commands: async (limit) =>
      (await setting.store.events.commands(limit)).map((event) => ({ ...event, text: '/gone' })),
  });
  await createTestControl({ ...setting, store }).commands.tick();
  expect(await setting.said('telegram:7')).toEqual(['I did not understand this command. /help lists them.']);
});
