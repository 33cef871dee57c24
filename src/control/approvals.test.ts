import { expect, test } from 'vitest';
import type { Approval } from '#core/policy.ts';
import { parkTurn } from '#test/kernel/asks.ts';
import { type TestControl, createTestControl, owner } from '#test/kernel/control.ts';
import { createTestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { type Words, submitted, written } from '#test/kernel/words.ts';
import { expireApprovals } from './approvals.ts';

interface Setting extends TestGround, TestInbox, TestControl {
  /** Somebody writes, and the turn asks. */
  asked(id: string, words?: Words): Promise<void>;
  approval(id: string): Promise<Approval | null>;
}

const group = { chat: 'telegram:-100', direct: false } as const;
const halfAnHour = 30 * 60_000;

async function setUp(): Promise<Setting> {
  const ground = await createGround();
  const inbox = createTestInbox(ground);
  return {
    ...ground,
    ...inbox,
    ...createTestControl(ground, inbox),
    asked: async (id, words = {}) => {
      await inbox.receive(written('list the files', words));
      await parkTurn(ground, id);
    },
    approval: (id) => ground.store.approvals.get(id),
  };
}

test('a yes decides once, and its turn goes before everything that waits', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  await setting.receive(written('what about it?'));
  expect(await setting.command('/approve 7f3k')).toBe('Approved: `run` runs now, exactly as shown.');
  await setting.clock.pass(1);
  expect(await setting.command('/approve 7F3K')).toBe(
    'Approval 7F3K is approved already. Nothing was changed.',
  );
  expect(await setting.command('/deny 7F3K')).toBe('Approval 7F3K is approved already. Nothing was changed.');
  const { runs, work } = createTestConversations(setting);
  await work();
  const steps = await setting.store.steps.ofTurn(runs[0]?.turn.id ?? 'trn_');
  expect(steps.map(({ body }) => body)).toMatchObject([
    { kind: 'decision', decision: 'approved', by: 'ann', planHash: 'hash-7F3K' },
  ]);
  await runs[0]?.answer('done');
  await work();
  expect(await runs[0]?.inputs()).toEqual(['what about it?']);
});

test('a no has a reason, spoken or not', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  expect(await setting.command('deny 7F3K because it deletes')).toBe('Denied: `run` does not run.');
  expect(await setting.approval('7F3K')).toMatchObject({ status: 'denied', reason: 'it deletes' });
});

test('without an id nothing is decided', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  expect(await setting.command('/approve')).toMatch(/^Which one\?/);
  expect(await setting.approval('7F3K')).toMatchObject({ status: 'pending' });
});

test('too late is too late: a yes after the time is an expiry, decided by nobody', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  await setting.clock.pass(halfAnHour);
  expect(await setting.command('/approve 7F3K')).toBe(
    'Approval 7F3K is expired already. Nothing was changed.',
  );
  expect(await setting.approval('7F3K')).toMatchObject({
    status: 'expired',
    decidedBy: 'time',
    reason: null,
  });
});

test('what nobody decides expires by itself, once', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  await setting.asked('8G4M', { chat: 'telegram:8' });
  const deps = { approvals: setting.store.approvals, ids: setting.ids, clock: setting.clock };
  expect(await expireApprovals(deps)).toBe(0);
  await setting.clock.pass(halfAnHour);
  expect(await expireApprovals(deps)).toBe(2);
  expect(await expireApprovals(deps)).toBe(0);
  const queued = await setting.store.events.list({ status: 'queued', limit: 9 });
  expect(queued.map(({ kind, text }) => `${kind} ${text}`)).toEqual(['decision expired', 'decision expired']);
});

test('abuse/A12: a member decides nothing, or what he asked himself where config says so', async () => {
  const setting = await setUp();
  const bob = { chat: 'telegram:8' };
  await setting.asked('7F3K');
  await setting.asked('8G4M', bob);
  for (const id of ['7F3K', '8G4M']) {
    expect(await setting.command(`/approve ${id}`, bob)).toBe(`Approval ${id} is not yours to decide here.`);
  }
  const entry = setting.listed['bob'];
  if (entry !== undefined) setting.listed['bob'] = { ...entry, approve: 'own' };
  expect(await setting.command('/approve 7F3K', bob)).toMatch(/not yours/);
  expect(await setting.command('/approve 8G4M', bob)).toMatch(/^Approved/);
  expect(await setting.approval('7F3K')).toMatchObject({ status: 'pending' });
});

test('the owner decides the asks of others in the own chat, on page and CLI, but not in a room', async () => {
  const setting = await setUp();
  await setting.asked('7F3K', { ...group, from: '8' });
  await setting.asked('8G4M', { ...group, from: '8' });
  await setting.asked('9H5N', { ...group, from: '8' });
  const inRoom = { ...group, from: '7' };
  expect(await setting.command('/approve 7F3K', inRoom)).toBe('Approval 7F3K is not yours to decide here.');
  expect(await setting.command('/approve 7F3K')).toMatch(/^Approved/);
  const decision = { id: '8G4M', decision: 'once', reason: null } as const;
  expect(await setting.control.run('approvals.decide', decision, owner)).toMatchObject({ decidedBy: 'ann' });
  // The page shows the conversation of the room.
  const conversation = (await setting.approval('9H5N'))?.conversation ?? null;
  await setting.submit(submitted('/approve 9H5N', { conversation }));
  await setting.commands.tick();
  expect(await setting.approval('9H5N')).toMatchObject({ status: 'approved' });
});

test('the owner decides in a room what the owner asked for there', async () => {
  const setting = await setUp();
  const inRoom = { ...group, from: '7' };
  await setting.asked('7F3K', inRoom);
  expect(await setting.command('/approve 7F3K', inRoom)).toMatch(/^Approved/);
});

test('a crash after the decision: the order, carried out again, decides nothing twice and says what it did', async () => {
  const setting = await setUp();
  await setting.asked('7F3K');
  let alive = false;
  const { settleCommand } = setting.store.events;
  const store = withVerbs(setting.store, 'events', {
    settleCommand: (input) => (alive ? settleCommand(input) : Promise.reject(new Error('killed'))),
  });
  await setting.receive(written('/approve 7F3K'));
  const { commands } = createTestControl({ ...setting, store });
  await commands.tick();
  expect(await setting.approval('7F3K')).toMatchObject({ status: 'approved' });
  alive = true;
  await commands.tick();
  expect(await setting.said('telegram:7')).toEqual(['Approved: `run` runs now, exactly as shown.']);
  const decisions = await setting.store.events.list({ status: 'queued', limit: 9 });
  expect(decisions.filter(({ kind }) => kind === 'decision')).toHaveLength(1);
});
