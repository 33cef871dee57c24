import { expect, test } from 'vitest';
import { createTestControl, owner } from '#test/kernel/control.ts';
import { createGround } from '#test/kernel/ground.ts';
import { anyTurn } from '#test/contract/store/world.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';

async function setUp() {
  const ground = await createGround();
  const inbox = createTestInbox(ground);
  const { control } = createTestControl(ground, inbox);
  const stranger = async (id: string): Promise<string> => {
    await inbox.receive(written('hello', { chat: `telegram:${id}` }));
    const open = await ground.store.people.pairings(ground.clock.now());
    return open.find(({ identity }) => identity === `telegram:${id}`)?.code ?? '';
  };
  return { ...ground, ...inbox, control, stranger };
}

const day = 86_400_000;

test('who is refused hears nothing more for 30 days, and has taken nobody’s place', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  const lower = { code: code.toLowerCase() };
  expect(await setting.control.run('people.refuse', lower, owner)).toEqual({ refused: 'telegram:91' });
  expect(await setting.control.run('people.refuse', lower, owner)).toEqual({ refused: 'telegram:91' });
  for (const id of ['92', '93', '94']) await setting.stranger(id);
  expect(await setting.said('telegram:94')).toHaveLength(1);
  await setting.clock.pass(29 * day);
  await setting.stranger('91');
  expect(await setting.said('telegram:91')).toHaveLength(1);
  await setting.clock.pass(day);
  await setting.stranger('91');
  expect(await setting.said('telegram:91')).toHaveLength(2);
  const wrong = setting.control.run('people.refuse', { code: 'AAAA-AAAA' }, owner);
  await expect(wrong).rejects.toMatchObject({ code: 'not-found' });
});

test('who was refused is let in after all by the owner, and by nobody else', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  await setting.control.run('people.refuse', { code }, owner);
  const input = { code, handle: 'eve', role: null, timezone: 'Europe/Rome', language: 'it' };
  await setting.control.run('people.pair', input, owner);
  const eve = { handle: 'eve', role: 'member', timezone: 'Europe/Rome', language: 'it' };
  expect(setting.directory.resolve('telegram:91')).toMatchObject(eve);
});

test('time zone and language of somebody who was let in are set, checked and forgotten', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  await setting.control.run('people.pair', { code, handle: 'eve', role: null }, owner);
  const set = (input: object): Promise<unknown> =>
    setting.control.runUntrusted('people.set', { handle: 'eve', ...input }, owner);
  expect(await set({ timezone: 'Europe/Rome' })).toEqual({
    handle: 'eve',
    timezone: 'Europe/Rome',
    language: null,
  });
  expect(await set({ language: 'it' })).toMatchObject({ timezone: 'Europe/Rome', language: 'it' });
  expect(await set({ timezone: null })).toMatchObject({ timezone: null, language: 'it' });
  await expect(set({ timezone: 'Mars/Base' })).rejects.toMatchObject({ code: 'bad-input' });
  await expect(set({ language: 'not a language' })).rejects.toMatchObject({ code: 'bad-input' });
  await expect(set({ handle: 'bob', language: 'it' })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('config.yaml names bob'),
  });
  await expect(set({ handle: 'nobody', language: 'it' })).rejects.toMatchObject({ code: 'not-found' });
});

test('an identity that was paired is taken away again; one of config.yaml is not', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  await setting.control.run('people.pair', { code, handle: 'eve', role: null }, owner);
  const remove = (identity: string): Promise<unknown> =>
    setting.control.run('people.remove', { identity }, owner);
  expect(await remove('telegram:91')).toEqual({ removed: true });
  expect(await remove('telegram:91')).toEqual({ removed: false });
  expect(setting.directory.resolve('telegram:91')).toBeNull();
  await expect(remove('telegram:8')).rejects.toMatchObject({ code: 'conflict' });
  await expect(remove('nonsense')).rejects.toMatchObject({ code: 'bad-input' });
});

test('to an identity that was taken away nothing more is sent', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  await setting.control.run('people.pair', { code, handle: 'eve', role: null }, owner);
  await setting.receive(written('hello', { chat: 'telegram:91' }));
  const chatsOfEve = async (): Promise<readonly string[]> =>
    (await setting.store.conversations.chatsOf('eve')).map(({ chat }) => chat);
  expect(await chatsOfEve()).toEqual(['telegram:91']);
  await setting.control.run('people.remove', { identity: 'telegram:91' }, owner);
  expect(await chatsOfEve()).toEqual([]);
});

test('what somebody who was taken away has waiting is not begun any more', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91');
  await setting.control.run('people.pair', { code, handle: 'eve', role: 'owner' }, owner);
  await setting.receive(
    written('first', { chat: 'telegram:91' }),
    written('second', { chat: 'telegram:91' }),
  );
  await setting.receive(written('hello', { chat: 'telegram:8' }));
  await setting.control.run('people.remove', { identity: 'telegram:91' }, owner);
  const rows = await setting.store.events.list({ status: 'withdrawn', limit: 9 });
  expect(rows.map(({ identity, reason }) => `${identity} ${reason}`)).toEqual(
    Array(2).fill('telegram:91 its sender was removed'),
  );
  const claim = { ...anyTurn, now: setting.clock.now() };
  const next = async (): Promise<unknown> =>
    setting.store.turns.claim({ ...claim, turn: setting.ids.turn() });
  expect(await next()).toMatchObject({ type: 'turn', turn: { person: 'bob' } });
  expect(await next()).toMatchObject({ type: 'none' });
});
