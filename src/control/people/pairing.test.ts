import { expect, test } from 'vitest';
import { createTestControl, owner } from '#test/kernel/control.ts';
import { type GroundOptions, type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import type { ControlSurface } from '../surface.ts';

interface Setting extends TestGround, TestInbox {
  /** Somebody sends a command from a direct chat; the answer, or null for silence. */
  command(text: string, from?: string): Promise<string | null>;
  /** A stranger writes and gets a code. */
  stranger(id: string, name: string): Promise<string>;
  ownerCode(): Promise<string>;
  pair(input: Partial<ControlSurface['people.pair']['input']>): Promise<unknown>;
}

const hour = 3_600_000;

async function setUp(options: GroundOptions = {}): Promise<Setting> {
  const ground = await createGround(options);
  const inbox = createTestInbox(ground);
  const { control, command } = createTestControl(ground, inbox);
  return {
    ...ground,
    ...inbox,
    command: (text, from = '7') => command(text, { chat: `telegram:${from}` }),
    pair: (input) => control.run('people.pair', { code: null, handle: null, role: null, ...input }, owner),
    stranger: async (id, name) => {
      await inbox.receive(written('hello', { chat: `telegram:${id}`, name }));
      const open = await ground.store.people.pairings(ground.clock.now());
      return open.find(({ identity }) => identity === `telegram:${id}`)?.code ?? '';
    },
    ownerCode: async () => {
      const answer = await control.run('people.pair', { code: null, handle: null, role: null }, owner);
      return answer.ownerCode ?? '';
    },
  };
}

test('the owner lets a stranger in, who is welcomed and known from then on', async () => {
  const setting = await setUp();
  const code = await setting.stranger('99', 'Eve Moe');
  expect(await setting.command(`/pair ${code.toLowerCase()}`)).toBe(
    'telegram:99 is let in as eve-moe (member).',
  );
  expect((await setting.said('telegram:99')).at(-1)).toMatch(/^You are in\./);
  expect(setting.directory.resolve('telegram:99')).toMatchObject({ handle: 'eve-moe', role: 'member' });
});

test('abuse/A11: wrong, expired and reused codes let nobody in', async () => {
  const setting = await setUp();
  const wrong = { code: 'not-found', message: expect.stringContaining('`tiro people` shows those') };
  await expect(setting.pair({ code: 'AAAA-AAAA' })).rejects.toMatchObject(wrong);
  const late = await setting.stranger('98', 'Late');
  await setting.clock.pass(hour);
  await expect(setting.pair({ code: late })).rejects.toMatchObject(wrong);
  const code = await setting.ownerCode();
  expect(await setting.command(`/pair ${code}`, '60')).toMatch(/^Welcome/);
  expect(await setting.command(`/pair ${code}`, '61')).not.toMatch(/Welcome/);
  expect(setting.directory.resolve('telegram:61')).toBeNull();
});

test('abuse/A11: a stranger cannot use the code that was given to strangers', async () => {
  const setting = await setUp();
  const code = await setting.stranger('99', 'Eve');
  await setting.ownerCode();
  for (const from of ['99', '98']) {
    expect(await setting.command(`/pair ${code}`, from)).toMatch(/wrong, used or expired/);
    expect(setting.directory.resolve(`telegram:${from}`)).toBeNull();
  }
});

test('a code given twice by the owner lets in once and is answered the same', async () => {
  const setting = await setUp();
  const code = await setting.stranger('99', 'Eve');
  const first = await setting.command(`/pair ${code}`);
  expect(await setting.command(`/pair ${code}`)).toBe(first);
  const welcomes = (await setting.said('telegram:99')).filter((text) => text.startsWith('You are in'));
  expect(welcomes).toHaveLength(1);
  await setting.store.people.remove('telegram:99');
  expect(await setting.command(`/pair ${code}`)).toMatch(/wrong, used or expired/);
});

test('the owner pairs a further chat with a one-time code', async () => {
  const setting = await setUp();
  const code = await setting.ownerCode();
  expect(await setting.command(`/pair ${code}`, '60')).toMatch(/you are my owner here/);
  expect(setting.directory.resolve('telegram:60')).toMatchObject({ handle: 'ann', role: 'owner' });
});

test('abuse/A11: two who send the same code at once: one is let in', async () => {
  const setting = await setUp();
  const code = await setting.ownerCode();
  const { commands } = createTestControl(setting);
  await setting.receive(
    written(`/pair ${code}`, { chat: 'telegram:60' }),
    written(`/pair ${code}`, { chat: 'telegram:61' }),
  );
  await commands.tick();
  const owners = ['telegram:60', 'telegram:61'] as const;
  expect(owners.filter((identity) => setting.directory.resolve(identity) !== null)).toHaveLength(1);
});

test('abuse/A11: after five wrong codes even the right one is not looked at, for an hour and in silence', async () => {
  const setting = await setUp();
  const code = await setting.ownerCode();
  for (let i = 1; i < 5; i += 1) {
    expect(await setting.command(`/pair AAAA-000${i}`, '60')).toBe('This code is wrong, used or expired.');
  }
  expect(await setting.command('/pair AAAA-0005', '60')).toMatch(/one too many/);
  expect(await setting.command(`/pair ${code}`, '60')).toBeNull();
  expect(setting.directory.resolve('telegram:60')).toBeNull();
  expect(await setting.store.events.commands(9)).toEqual([]);
  // Nobody else pays for it.
  expect(await setting.command(`/pair ${code}`, '61')).toMatch(/^Welcome/);
  await setting.clock.pass(hour + 1);
  const next = await setting.ownerCode();
  expect(await setting.command(`/pair ${next}`, '60')).toMatch(/^Welcome/);
});

test('abuse/A02: nobody comes in under the name of somebody who is known', async () => {
  const setting = await setUp();
  const conflict = { code: 'conflict', message: expect.stringMatching(/^handle: /) };
  const asAnn = await setting.stranger('91', 'Ann');
  expect(await setting.command(`/pair ${asAnn}`)).toMatch(/handle: ann is somebody already\. .*--as HANDLE/);
  await expect(setting.pair({ code: asAnn, handle: 'bob' })).rejects.toMatchObject(conflict);
  await expect(setting.pair({ code: asAnn, handle: 'api-x' })).rejects.toMatchObject(conflict);
  await expect(setting.pair({ code: asAnn, handle: 'guest-x' })).rejects.toMatchObject(conflict);
  expect(setting.directory.resolve('telegram:91')).toBeNull();
  // A guest with a name of his own keeps it to himself as well.
  await setting.pair({ code: asAnn, handle: 'anna', role: 'guest' });
  const second = await setting.stranger('92', 'Anna');
  await expect(setting.pair({ code: second })).rejects.toMatchObject(conflict);
  await setting.pair({ code: second, handle: 'anna-two' });
  expect(setting.directory.resolve('telegram:92')).toMatchObject({ handle: 'anna-two', role: 'member' });
});

test('a stranger called Owner does not become the owner, nor get what the owner said before being named', async () => {
  for (const options of [{ listed: {} }, {}]) {
    const setting = await setUp(options);
    const code = await setting.stranger('91', 'Owner');
    await expect(setting.pair({ code })).rejects.toMatchObject({ code: 'conflict' });
  }
});

test('a name without letters gives the identity as handle', async () => {
  const setting = await setUp();
  const code = await setting.stranger('91', '李');
  expect(await setting.command(`/pair ${code}`)).toMatch(/let in as telegram-91 /);
});

test('whom config lists as a member does not become the owner by a code, and the code stays good', async () => {
  const setting = await setUp();
  const code = await setting.ownerCode();
  expect(await setting.command(`/pair ${code}`, '8')).toMatch(
    /config\.yaml lists telegram:8 as bob \(member\)/,
  );
  expect(setting.directory.resolve('telegram:8')).toMatchObject({ handle: 'bob', role: 'member' });
  expect(await setting.command(`/pair ${code}`, '60')).toMatch(/^Welcome/);
});

test.each([
  ['of the owner', true],
  ['of a stranger', false],
])(
  'a crash after the code %s was taken: the order, carried out again, says what was done',
  async (_, ofOwner) => {
    const setting = await setUp();
    const code = ofOwner ? await setting.ownerCode() : await setting.stranger('60', 'Eve');
    let alive = false;
    const { settleCommand } = setting.store.events;
    const store = withVerbs(setting.store, 'events', {
      settleCommand: (input) => (alive ? settleCommand(input) : Promise.reject(new Error('killed'))),
    });
    await setting.receive(written(`/pair ${code}`, { chat: ofOwner ? 'telegram:60' : 'telegram:7' }));
    await createTestControl({ ...setting, store }).commands.tick();
    expect(setting.directory.resolve('telegram:60')).not.toBeNull();
    alive = true;
    await createTestControl({ ...setting, store }).commands.tick();
    const said = await setting.said(ofOwner ? 'telegram:60' : 'telegram:7');
    expect(said.at(-1)).toMatch(ofOwner ? /you are my owner here/ : /telegram:60 is let in as eve/);
  },
);
