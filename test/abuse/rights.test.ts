import { expect, test } from 'vitest';
import type { Identity } from '#core/address.ts';
import { type ChatCommandName, chatCommands } from '#core/command.ts';
import type { Role } from '#core/person.ts';
import type { ControlName } from '#control/surface.ts';
import { inputSchemas } from '#control/inputs.ts';
import { createAgentWorld } from '#test/agent/world.ts';
import { parkTurn } from '#test/kernel/asks.ts';
import { says } from '#test/fakes/scripted-model.ts';
import { createTestControl } from '#test/kernel/control.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { type Words, written } from '#test/kernel/words.ts';

/**
 * The table of docs/people.md, cell by cell. Who: Ann owns; Bob is a member of config.yaml, Own one who may decide his own
 * asks; Eve was let in by a code; a guest writes while `access.dm` is open.
 */
const who = {
  owner: { id: '7', role: 'owner' },
  member: { id: '8', role: 'member' },
  'member with approve: own': { id: '9', role: 'member' },
  'member let in by a code': { id: '50', role: 'member' },
  guest: { id: '99', role: 'guest' },
} as const satisfies Record<string, { id: string; role: Role }>;
type Who = keyof typeof who;
const everybody = [
  'owner',
  'member',
  'member with approve: own',
  'member let in by a code',
  'guest',
] as const;

interface Setting extends TestGround, TestInbox {
  says(one: Who, text: string, words?: Words): Promise<string>;
  command(one: Who, text: string, words?: Words): Promise<string | null>;
}

async function setUp(): Promise<Setting> {
  const plain = { timezone: null, language: null } as const;
  const listed = {
    ann: { role: 'owner', identities: ['telegram:7'], approve: null, ...plain },
    bob: { role: 'member', identities: ['telegram:8'], approve: null, ...plain },
    own: { role: 'member', identities: ['telegram:9'], approve: 'own', ...plain },
  } as const;
  const ground = await createGround({ listed });
  const inbox = createTestInbox(ground);
  const { command } = createTestControl(ground, inbox);
  inbox.access.dm = 'open';
  await letIn(ground, 'telegram:50');
  return {
    ...ground,
    ...inbox,
    says: async (one, text, words = {}) => {
      const { id } = who[one];
      const [row] = await inbox.receive(written(text, { chat: `telegram:${id}`, from: id, ...words }));
      return row === undefined ? 'nothing' : `${row.lane} ${row.status} as ${row.role ?? 'nobody'}`;
    },
    command: (one, text, words = {}) => {
      const { id } = who[one];
      return command(text, { chat: `telegram:${id}`, from: id, ...words });
    },
  };
}

async function letIn({ store, clock, directory }: TestGround, identity: Identity): Promise<void> {
  const at = clock.now();
  const row = { code: 'EVES-CODE', kind: 'stranger', identity, chat: identity, name: 'Eve' } as const;
  await store.people.addPairing({ ...row, person: null, role: null, createdAt: at, expiresAt: at + 1 });
  const eve = { identity: null, handle: 'eve', role: 'member', name: 'Eve' } as const;
  await store.people.pair({ code: row.code, ...eve, at });
  await directory.refresh();
}

const group = { chat: 'telegram:-100', direct: false } as const;

test.each(everybody)('talk in a direct chat: %s may', async (one) => {
  const setting = await setUp();
  expect(await setting.says(one, 'hello')).toBe(`turn queued as ${who[one].role}`);
});

test.each([
  ['owner', 'turn queued as owner'],
  ['member', 'turn queued as member'],
  ['member with approve: own', 'turn queued as member'],
  ['member let in by a code', 'nothing'],
  ['guest', 'nothing'],
] as const)('talk in a group: for %s it comes to %s', async (one, fate) => {
  const setting = await setUp();
  expect(await setting.says(one, 'hello', group)).toBe(fate);
  expect(await setting.says(one, 'hello', { ...group, addressed: false })).toBe('nothing');
});

test.each([
  ['owner', true],
  ['member', true],
  ['guest', false],
] as const)('tools: shown to the model for %s: %s', async (role, shown) => {
  const world = await createAgentWorld({ scenes: [says('hello')] });
  const chat = role === 'owner' ? 'telegram:7' : 'telegram:8';
  await world.ask('hello', { role, person: 'p', chat });
  expect((world.model.requests[0]?.tools.length ?? 0) > 0).toBe(shown);
});

test.each([
  ['owner', true, true],
  ['member', false, false],
  ['member with approve: own', true, false],
  ['member let in by a code', false, false],
] as const)('approve: %s decides own asks: %s, those of others: %s', async (one, own, others) => {
  const setting = await setUp();
  await setting.says(one, 'list the files');
  await parkTurn(setting, '7F3K');
  const other = one === 'member' ? 'owner' : 'member';
  await setting.says(other, 'list the files');
  await parkTurn(setting, '8G4M');
  const decides = async (id: string): Promise<boolean> =>
    (await setting.command(one, `/approve ${id}`))?.startsWith('Approved') ?? false;
  expect([await decides('7F3K'), await decides('8G4M')]).toEqual([own, others]);
});

test('approve: a guest has no word for it, neither the command nor the spoken one', async () => {
  const setting = await setUp();
  await setting.says('member', 'list the files');
  await parkTurn(setting, '7F3K');
  for (const text of ['/approve 7F3K', 'approve 7F3K', '/deny 7F3K']) {
    expect(await setting.says('guest', text)).toBe('none refused as nobody');
  }
  expect(await setting.store.approvals.get('7F3K')).toMatchObject({ status: 'pending' });
});

const forGuests: ReadonlySet<ChatCommandName> = new Set(['help', 'stop', 'pair']);
const names = Object.keys(chatCommands).filter((name): name is ChatCommandName =>
  Object.hasOwn(chatCommands, name),
);

test.each(names)('/%s: owner and members may, guests only /help /stop /pair', async (name) => {
  const setting = await setUp();
  for (const one of everybody) {
    const may = who[one].role !== 'guest' || forGuests.has(name);
    const fate = may ? `command queued as ${who[one].role}` : 'none refused as nobody';
    expect(await setting.says(one, `/${name}`)).toBe(fate);
  }
});

test('/pair CODE: only the owner lets a stranger in by it', async () => {
  const setting = await setUp();
  setting.access.dm = 'pairing';
  await setting.receive(written('hello', { chat: 'telegram:666' }));
  const [pairing] = await setting.store.people.pairings(setting.clock.now());
  for (const one of ['member', 'member with approve: own', 'member let in by a code'] as const) {
    expect(await setting.command(one, `/pair ${pairing?.code}`)).toMatch(/wrong, used or expired/);
  }
  expect(setting.directory.resolve('telegram:666')).toBeNull();
  expect(await setting.command('owner', `/pair ${pairing?.code}`)).toMatch(/is let in/);
});

const controls = Object.keys(inputSchemas).filter((name): name is ControlName =>
  Object.hasOwn(inputSchemas, name),
);

test.each(controls)('the command surface: %s is the owner’s only', async (name) => {
  const { control } = createTestControl(await setUp());
  for (const role of ['member', 'guest'] as const) {
    const actor = { person: 'bob', role, via: 'test' };
    await expect(control.runUntrusted(name, {}, actor)).rejects.toMatchObject({ code: 'denied' });
  }
});

test.each([
  'telegram:99',
  'ann',
  'Ann',
  'owner',
  '/pair K3DT-9PWX',
  'K3DT-9PWX',
  '\u202enna',
  'ann\nK3DT-9PWX',
])('abuse/A02: calling oneself %j gives nothing', async (name) => {
  const setting = await setUp();
  setting.access.dm = 'pairing';
  const [row] = await setting.receive(written('it is me', { chat: 'telegram:666', name }));
  expect(row).toMatchObject({ lane: 'none', status: 'refused', person: null, role: null });
  const [pairing] = await setting.store.people.pairings(setting.clock.now());
  expect(pairing?.name).not.toMatch(/[\n\u202e]/);
  expect(pairing?.code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await setting.receive(written('hello', { ...group, from: '666', name }));
  expect(await setting.store.turns.list({ status: null, conversation: null, limit: 9 })).toEqual([]);
});
