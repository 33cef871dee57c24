import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { parkTurn } from '#test/kernel/asks.ts';
import { type TestControl, createTestControl, owner } from '#test/kernel/control.ts';
import { type TestConversations, createTestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';
import { inputSchemas } from './inputs.ts';

type Setting = TestGround & TestInbox & TestControl & TestConversations;

async function setUp(change: (ground: TestGround) => TestGround = (it) => it): Promise<Setting> {
  const ground = change(await createGround());
  const inbox = createTestInbox(ground);
  return { ...ground, ...inbox, ...createTestControl(ground, inbox), ...createTestConversations(ground) };
}

const anybody = Object.keys(inputSchemas);

test.each(['member', 'guest'] as const)(
  'a %s may use none of it, and is told so before anything else',
  async (role) => {
    const { control } = await setUp();
    for (const name of anybody) {
      const actor = { person: 'bob', role, via: 'telegram' };
      await expect(control.runUntrusted(name, { no: 'sense' }, actor)).rejects.toMatchObject({
        code: 'denied',
        message: `A ${role} may not use ${name}.`,
      });
    }
  },
);

test.each(['nonsense', '', '__proto__', 'constructor', 'toString'])('%j is no command', async (name) => {
  const { control } = await setUp();
  await expect(control.runUntrusted(name, {}, owner)).rejects.toMatchObject({ code: 'not-found' });
});

test.each<[string, unknown, RegExp]>([
  ['status', { more: 1 }, /more/],
  ['turns.list', { status: 'lost', conversation: null, limit: 5 }, /^status: /],
  ['turns.list', { status: null, conversation: null, limit: 0 }, /^limit: /],
  ['turns.list', { status: null, conversation: 'trn_1', limit: 5 }, /^conversation: .*cnv_/],
  ['turns.show', {}, /^id: /],
  ['turns.show', { id: 7 }, /^id: /],
  ['turns.show', { id: 'evt_1' }, /^id: evt_1 is no turn/],
  ['turns.redrive', { id: 'dlv_1' }, /^id: dlv_1 is no turn/],
  ['conversations.show', { id: 'trn_1' }, /^id: trn_1 is no conversation/],
  ['outbox.redrive', { id: 'trn_1' }, /^id: trn_1 is no delivery/],
  ['approvals.decide', { id: '7F3K', decision: 'always', reason: null }, /^decision: /],
  ['people.pair', { code: 'A', handle: '../ann', role: null }, /^handle: use lower-case/],
  ['people.pair', { code: 'A', handle: null, role: 'king' }, /^role: /],
  ['spend', { days: 0 }, /^days: /],
  ['doctor', null, /^input: /],
])('%s %j is bad input, and the field is named', async (name, input, message) => {
  const { control } = await setUp();
  await expect(control.runUntrusted(name, input, owner)).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['turns.show', 'trn_1'],
  ['turns.why', 'trn_1'],
  ['turns.cancel', 'trn_1'],
  ['turns.redrive', 'trn_1'],
  ['conversations.show', 'cnv_1'],
  ['outbox.redrive', 'dlv_1'],
] as const)('%s %s: there is none', async (name, id) => {
  const { control } = await setUp();
  await expect(control.run(name, { id }, owner)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(id),
  });
});

test('an unknown approval is not found', async () => {
  const { control } = await setUp();
  const ask = { id: '7F3K', decision: 'once', reason: null } as const;
  await expect(control.run('approvals.decide', ask, owner)).rejects.toMatchObject({ code: 'not-found' });
});

test('what is listed and shown is what the rows say', async () => {
  const setting = await setUp();
  const { control } = setting;
  await setting.receive(written('list the files'));
  const turn = await parkTurn(setting, '7F3K');
  await setting.receive(written('hello', { chat: 'telegram:99', name: 'Eve' }));
  const [conversation] = await control.run('conversations.list', { limit: 5 }, owner);
  expect(conversation).toMatchObject({ chat: 'telegram:7', title: 'list the files' });
  const shown = await control.run('conversations.show', { id: turn.conversation }, owner);
  expect(shown.steps.map(({ body }) => body.kind)).toEqual(['input', 'end']);
  const filter = { status: 'parked', conversation: turn.conversation, limit: 5 } as const;
  expect(await control.run('turns.list', filter, owner)).toMatchObject([{ id: turn.id }]);
  const report = await control.run('turns.show', { id: turn.id }, owner);
  expect(report).toMatchObject({ turn: { id: turn.id }, events: [{ text: 'list the files' }], spend: [] });
  expect(await control.run('approvals.list', { status: 'pending', limit: 5 }, owner)).toMatchObject([
    { id: '7F3K', why: 'it acts' },
  ]);
  expect(await control.run('people.list', {}, owner)).toMatchObject({ pairings: [{ name: 'Eve' }] });
  expect(await control.run('outbox.list', { status: 'queued', limit: 5 }, owner)).toHaveLength(1);
  expect(await control.run('status', {}, owner)).toMatchObject({
    version: '1.2.3',
    events: { queued: 0, refused: 1, done: 1 },
    turns: { parked: 1 },
    outbox: { queued: 1 },
    pendingApprovals: 1,
    spentTodayUsd: 0,
  });
  expect(await control.run('models', {}, owner)).toEqual(['fake/large', 'fake/small']);
});

test('a running turn is cancelled once; one that has ended is not', async () => {
  const setting = await setUp();
  await setting.receive(written('hello'));
  await setting.work();
  const run = await until('it runs', () => setting.runs[0]);
  const { id } = run.turn;
  expect(await setting.control.run('turns.cancel', { id }, owner)).toEqual({ cancelled: true });
  await until('it is aborted', () => run.left());
  expect(await setting.control.run('turns.cancel', { id }, owner)).toEqual({ cancelled: false });
  expect(await setting.store.turns.get(id)).toMatchObject({ reason: 'cancelled by ann' });
});

test('a turn that ends in the very moment of the cancel is not cancelled, and that is no error', async () => {
  const setting = await setUp((ground) => {
    const { get } = ground.store.turns;
    let looks = 0;
    const late: typeof get = async (id) => {
      const turn = await get(id);
      looks += 1;
      return turn === null || looks > 1 ? turn : { ...turn, status: 'running' };
    };
    return { ...ground, store: withVerbs(ground.store, 'turns', { get: late }) };
  });
  await setting.receive(written('hello'));
  const turn = await parkTurn(setting, '7F3K');
  expect(await setting.control.run('turns.cancel', { id: turn.id }, owner)).toEqual({ cancelled: false });
});

test('a store that is away is said as it is', async () => {
  const setting = await setUp((ground) => {
    const away = (): Promise<never> =>
      Promise.reject(new TiroError('store-unavailable', 'The disk is full.'));
    return { ...ground, store: withVerbs(ground.store, 'turns', { redrive: away }) };
  });
  await setting.receive(written('hello'));
  const turn = await parkTurn(setting, '7F3K');
  await expect(setting.control.run('turns.redrive', { id: turn.id }, owner)).rejects.toMatchObject({
    code: 'store-unavailable',
  });
});

test('only what was given up or failed is sent through again', async () => {
  const setting = await setUp();
  await setting.receive(written('hello'));
  const turn = await parkTurn(setting, '7F3K');
  expect(await setting.control.run('turns.redrive', { id: turn.id }, owner)).toEqual({ redriven: false });
  await setting.receive(written('hi', { chat: 'telegram:99' }));
  const [row] = await setting.control.run('outbox.list', { status: 'queued', limit: 1 }, owner);
  const again = await setting.control.run('outbox.redrive', { id: row?.id ?? '' }, owner);
  expect(again).toEqual({ redriven: false });
});
