import { expect, test } from 'vitest';
import { createTestControl, owner } from '#test/kernel/control.ts';
import { type GroundOptions, type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';

interface Setting extends TestGround, TestInbox {
  /** Somebody sends a command from a direct chat; the answer, or null for silence. */
  command(text: string, from: string): Promise<string | null>;
  /** A code that this person got by `/pair` in their chat. */
  codeOf(from: string): Promise<string>;
  /** A code that the owner made for somebody. */
  link(handle: string | null): Promise<string>;
  /** Somebody was let in as a member, or as what is said. */
  letIn(id: string, handle: string, role?: 'owner' | 'member' | 'guest'): Promise<void>;
}

const hour = 3_600_000;
const codePattern = /[0-9A-Z]{4}-[0-9A-Z]{4}/;

async function setUp(options: GroundOptions = {}): Promise<Setting> {
  const ground = await createGround(options);
  const inbox = createTestInbox(ground);
  const { control, command: send } = createTestControl(ground, inbox);
  const command = (text: string, from: string): Promise<string | null> =>
    send(text, { chat: `telegram:${from}` });
  return {
    ...ground,
    ...inbox,
    command,
    codeOf: async (from) => codePattern.exec((await command('/pair', from)) ?? '')?.[0] ?? '',
    link: async (handle) => (await control.run('people.link', { handle }, owner)).code,
    letIn: async (id, handle, role = 'member') => {
      await inbox.receive(written('hello', { chat: `telegram:${id}` }));
      const open = await ground.store.people.pairings(ground.clock.now());
      const code = open.find(({ identity }) => identity === `telegram:${id}`)?.code ?? null;
      await control.run('people.pair', { code, handle, role }, owner);
    },
  };
}

test('somebody known asks for a code, sends it from elsewhere, and is the same person there', async () => {
  const setting = await setUp();
  const code = await setting.codeOf('8');
  expect(await setting.command(`/pair ${code.toLowerCase()}`, '80')).toBe(
    'Linked: you are **bob** here too.',
  );
  expect(setting.directory.resolve('telegram:80')).toMatchObject({ handle: 'bob', role: 'member' });
  const [row] = await setting.receive(written('hello', { chat: 'telegram:80' }));
  expect(row).toMatchObject({ person: 'bob', role: 'member', lane: 'turn' });
  expect((await setting.said('telegram:8')).at(-1)).toMatch(
    /^Your code was used: telegram:80 is you.*Tell my owner/,
  );
  // What config says of Bob counts there too.
  const group = { chat: 'telegram:-100', direct: false, from: '80' } as const;
  expect(await setting.receive(written('hello', group))).toMatchObject([{ person: 'bob' }]);
});

test('an owner whose code was used is told how to take it back', async () => {
  const setting = await setUp();
  await setting.command(`/pair ${await setting.codeOf('7')}`, '70');
  expect((await setting.said('telegram:7')).at(-1)).toContain('Run `tiro people remove telegram:70`.');
});

test('tiro people link: without a name the code makes its sender the owner', async () => {
  const setting = await setUp();
  expect(await setting.command(`/pair ${await setting.link(null)}`, '70')).toMatch(
    /^Linked: you are \*\*ann\*\*/,
  );
  expect(setting.directory.resolve('telegram:70')).toMatchObject({ handle: 'ann', role: 'owner' });
  await expect(setting.link('nobody')).rejects.toMatchObject({ code: 'not-found' });
  await expect(setting.link('api-x')).rejects.toMatchObject({ code: 'conflict' });
});

test("abuse/A11: a member's code never gives more than a member has, and less if that was taken meanwhile", async () => {
  const setting = await setUp();
  await setting.letIn('90', 'eve');
  const code = await setting.codeOf('90');
  await setting.store.people.remove('telegram:90');
  await setting.directory.refresh();
  await setting.command(`/pair ${code}`, '91');
  expect(setting.directory.resolve('telegram:91')).toBeNull();
  await setting.letIn('92', 'moe');
  const next = await setting.codeOf('92');
  expect(await setting.command(`/pair ${next}`, '93')).toMatch(/you are \*\*moe\*\*/);
  expect(setting.directory.resolve('telegram:93')).toMatchObject({ role: 'member', approves: 'none' });
  const group = { chat: 'telegram:-100', direct: false, from: '93' } as const;
  expect(await setting.receive(written('hello', group))).toEqual([]);
});

test('what somebody was until now follows: a paired handle and its work are the other person from then on', async () => {
  const setting = await setUp();
  await setting.letIn('90', 'eve');
  const [waiting] = await setting.receive(written('do this', { chat: 'telegram:90' }));
  const code = await setting.codeOf('8');
  expect(await setting.command(`/pair ${code}`, '90')).toMatch(/you are \*\*bob\*\*/);
  expect(setting.directory.resolve('telegram:90')).toMatchObject({ handle: 'bob' });
  expect(await setting.store.events.get(waiting?.id ?? 'evt_')).toMatchObject({ person: 'bob' });
  expect(await setting.store.conversations.openOf('telegram:90')).toMatchObject({ person: 'bob' });
  expect(await setting.store.conversations.list({ person: 'eve', limit: 9 })).toEqual([]);
});

test('the conversation of a stranger with a code is no guest’s any more', async () => {
  const setting = await setUp();
  await setting.command(`/pair ${await setting.link(null)}`, '70');
  expect(await setting.store.conversations.openOf('telegram:70')).toMatchObject({ person: 'ann' });
});

test('a code works once, and given again by the same identity it is answered the same', async () => {
  const setting = await setUp();
  const code = await setting.codeOf('8');
  const first = await setting.command(`/pair ${code}`, '80');
  expect(await setting.command(`/pair ${code}`, '80')).toBe(first);
  expect(await setting.command(`/pair ${code}`, '81')).not.toBe(first);
  expect(setting.directory.resolve('telegram:81')).toBeNull();
  expect((await setting.said('telegram:8')).filter((text) => text.startsWith('Your code was'))).toHaveLength(
    1,
  );
});

test('abuse/A11: an expired code links nobody, and a new one voids the old', async () => {
  const setting = await setUp();
  const old = await setting.codeOf('8');
  const fresh = await setting.codeOf('8');
  expect(await setting.command(`/pair ${old}`, '80')).toMatch(/wrong, used or expired/);
  await setting.clock.pass(hour);
  expect(await setting.command(`/pair ${fresh}`, '80')).not.toMatch(/Linked/);
  expect(setting.directory.resolve('telegram:80')).toBeNull();
});

test('abuse/A11: after five wrong codes a member is answered no more, whatever the kind of code', async () => {
  const setting = await setUp();
  const code = await setting.link(null);
  for (let i = 0; i < 4; i += 1) expect(await setting.command('/pair AAAA-0001', '8')).toMatch(/^This code/);
  expect(await setting.command('/pair AAAA-0005', '8')).toMatch(/one too many/);
  expect(await setting.command(`/pair ${code}`, '8')).toBeNull();
});

test('abuse/A11: a code that is read in a group links nobody there', async () => {
  const setting = await setUp();
  const code = await setting.codeOf('8');
  const thief = { chat: 'telegram:-100', direct: false, from: '666' } as const;
  for (const groups of ['mention', 'all'] as const) {
    setting.access.groups = groups;
    for (const from of ['666', '8', '7']) {
      expect(await setting.receive(written(`/pair ${code}`, { ...thief, from }))).toEqual([]);
    }
  }
  expect(setting.directory.resolve('telegram:666')).toBeNull();
  expect(await setting.command(`/pair ${code}`, '80')).toMatch(/Linked/);
});

test('config decides about whom it lists, and nobody loses rights by a code', async () => {
  const setting = await setUp();
  await setting.letIn('90', 'eve');
  const code = await setting.codeOf('90');
  const listed = 'config.yaml lists telegram:8 as bob (member), and it decides. The code is still good.';
  expect(await setting.command(`/pair ${code}`, '8')).toBe(listed);
  expect(await setting.command(`/pair ${code}`, '90')).toMatch(/^You are eve here already/);
  await setting.letIn('60', 'second', 'owner');
  expect(await setting.command(`/pair ${code}`, '60')).toMatch(/^You would lose rights/);
  // One that was linked to somebody whom config names stays there.
  await setting.command(`/pair ${await setting.codeOf('8')}`, '80');
  expect(await setting.command(`/pair ${code}`, '80')).toMatch(/whom config.yaml names.*people remove/);
  expect(await setting.command(`/pair ${code}`, '81')).toMatch(/Linked/);
});

test('a guest may not hand on a code, and the page of the owner is nobody else', async () => {
  const setting = await setUp();
  await setting.letIn('90', 'eve', 'guest');
  expect(await setting.command('/pair', '90')).toBe('Write `/pair CODE`.');
  expect(await setting.command(`/pair ${await setting.codeOf('8')}`, '7')).toMatch(
    /config.yaml lists telegram:7/,
  );
});

test('a user of the API is linked by sending the code there', async () => {
  const setting = await setUp();
  const { commands } = createTestControl(setting, setting);
  const code = await setting.codeOf('8');
  const words = {
    channel: 'api',
    chat: 'robert',
    user: 'robert',
    conversation: null,
    isolated: false,
  } as const;
  const said = { ...words, key: null, history: [] };
  await setting.submit({ ...said, text: 'hello' });
  const { event } = await setting.submit({ ...said, text: `/pair ${code}` });
  await commands.tick();
  expect(await setting.store.events.get(event)).toMatchObject({ status: 'done' });
  expect(setting.directory.resolve('api:robert')).toMatchObject({ handle: 'bob' });
  const next = await setting.submit({ ...said, text: 'hello again' });
  expect(await setting.store.events.get(next.event)).toMatchObject({ person: 'bob', role: 'owner' });
});

test('a crash after the code was taken: carried out again it is answered the same, and is done once', async () => {
  const setting = await setUp();
  const code = await setting.codeOf('8');
  let alive = false;
  const { settleCommand } = setting.store.events;
  const store = withVerbs(setting.store, 'events', {
    settleCommand: (input) => (alive ? settleCommand(input) : Promise.reject(new Error('killed'))),
  });
  await setting.receive(written(`/pair ${code}`, { chat: 'telegram:80' }));
  await createTestControl({ ...setting, store }, setting).commands.tick();
  expect(setting.directory.resolve('telegram:80')).toMatchObject({ handle: 'bob' });
  alive = true;
  await createTestControl({ ...setting, store }, setting).commands.tick();
  expect((await setting.said('telegram:80')).at(-1)).toBe('Linked: you are **bob** here too.');
  expect((await setting.said('telegram:8')).filter((text) => text.startsWith('Your code was'))).toHaveLength(
    1,
  );
});

test.each(['a b', 'x/y', 'ü', "'; DROP TABLE identities; --", '<b>', '%2F', 'guest-1', '../../etc'])(
  'abuse: an identity with odd characters (%s) is that identity and nobody else',
  async (id) => {
    const setting = await setUp();
    const code = await setting.codeOf('8');
    const { command } = createTestControl(setting, setting);
    const chat = `telegram:${encodeURIComponent(id)}`;
    expect(await command(`/pair ${code}`, { chat })).toMatch(/Linked/);
    expect((await setting.store.people.identities()).map(({ identity }) => identity)).toEqual([
      `telegram:${id}`,
    ]);
    expect(setting.directory.resolve(`telegram:${id}`)).toMatchObject({ handle: 'bob' });
    expect(setting.directory.resolve(`telegram:${id}x`)).toBeNull();
  },
);

test('abuse/A11: a code that somebody got before they were taken away is good for nothing', async () => {
  const setting = await setUp();
  await setting.command(`/pair ${await setting.link(null)}`, '66');
  const code = await setting.codeOf('66');
  expect(code).toMatch(codePattern);
  await setting.store.people.remove('telegram:66');
  await setting.directory.refresh();
  expect(await setting.command(`/pair ${code}`, '67')).not.toContain('Linked');
  expect(setting.directory.resolve('telegram:67')).toBeNull();
});
