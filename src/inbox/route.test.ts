import { expect, test } from 'vitest';
import type { StoredEvent } from '#core/event.ts';
import { type GroundOptions, type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { type Words, written } from '#test/kernel/words.ts';
import type { Access } from './route.ts';

type Setting = TestGround & TestInbox;

async function open(access: Partial<Access> = {}, options: GroundOptions = {}): Promise<Setting> {
  const ground = await createGround(options);
  const setting = { ...ground, ...createTestInbox(ground) };
  Object.assign(setting.access, access);
  return setting;
}

/** What became of one event: `lane status`, or `not stored`. */
async function fate(setting: Setting, text: string, words: Words = {}): Promise<string> {
  const [row] = await setting.receive(written(text, words));
  return row === undefined ? 'not stored' : `${row.lane} ${row.status}`;
}

async function row(setting: Setting, text: string, words: Words = {}): Promise<StoredEvent> {
  const [stored] = await setting.receive(written(text, words));
  if (stored === undefined) throw new Error('Nothing was stored.');
  return stored;
}

const group = { chat: 'telegram:-100', direct: false } as const;

test('who is known talks in a direct chat, and commands have a lane of their own', async () => {
  const setting = await open();
  expect(await row(setting, 'hello')).toMatchObject({ lane: 'turn', person: 'ann', role: 'owner' });
  expect(await row(setting, 'hi', { chat: 'telegram:8' })).toMatchObject({ person: 'bob', role: 'member' });
  expect(await fate(setting, '/status')).toBe('command queued');
  expect(await fate(setting, 'approve 7F3K')).toBe('command queued');
  expect(await fate(setting, '/nothing of ours')).toBe('turn queued');
});

interface GroupCase {
  readonly groups: Access['groups'];
  readonly from: string;
  readonly addressed: boolean;
  readonly expected: string;
}

test.each<GroupCase>([
  { groups: 'mention', from: '7', addressed: true, expected: 'turn queued' },
  { groups: 'mention', from: '7', addressed: false, expected: 'not stored' },
  { groups: 'all', from: '7', addressed: false, expected: 'turn queued' },
  { groups: 'off', from: '7', addressed: true, expected: 'not stored' },
  { groups: 'mention', from: '8', addressed: true, expected: 'turn queued' },
  { groups: 'all', from: '99', addressed: true, expected: 'not stored' },
  { groups: 'mention', from: '99', addressed: true, expected: 'not stored' },
])('groups $groups: what $from says (addressed: $addressed) is $expected', async (one) => {
  const { groups, from, addressed, expected } = one;
  expect(await fate(await open({ groups }), 'hello', { ...group, from, addressed })).toBe(expected);
});

test('abuse/A04: somebody paired in private has no right in a group; a paired owner has', async () => {
  const setting = await open({ groups: 'all' });
  await pair(setting, '50', 'member');
  await pair(setting, '60', 'owner');
  expect(await fate(setting, 'hello', { chat: 'telegram:50' })).toBe('turn queued');
  expect(await fate(setting, '/stop', { ...group, from: '50' })).toBe('not stored');
  expect(await fate(setting, 'hello', { ...group, from: '50' })).toBe('not stored');
  expect(await fate(setting, 'hello', { ...group, from: '60' })).toBe('turn queued');
});

async function pair(setting: Setting, id: string, role: 'owner' | 'member'): Promise<void> {
  const at = setting.clock.now();
  const code = setting.ids.pairingCode();
  await setting.store.people.addPairing({
    code,
    kind: 'owner',
    identity: null,
    chat: null,
    name: '',
    person: null,
    role: null,
    createdAt: at,
    expiresAt: at + 1,
  });
  const who = { identity: `telegram:${id}`, handle: `p${id}`, role, name: '' } as const;
  await setting.store.people.pair({ code, ...who, at });
  await setting.directory.refresh();
}

test('abuse/A05: in a group a command without mention is not ours either', async () => {
  const setting = await open();
  expect(await fate(setting, '/stop', { ...group, from: '7', addressed: false })).toBe('not stored');
  expect(await fate(setting, '/stop', { ...group, from: '7' })).toBe('command queued');
});

test('abuse/A02: a display name is no identity', async () => {
  const setting = await open({ dm: 'allowlist' });
  expect(await row(setting, 'it is me', { chat: 'telegram:70', name: 'Ann' })).toMatchObject({
    lane: 'none',
    status: 'refused',
    person: null,
  });
});

test('abuse/A06: the same id on another platform is another person', async () => {
  const setting = await open({ dm: 'allowlist' });
  expect(await fate(setting, 'hello', { chat: 'slack:7' })).toBe('none refused');
});

test('abuse/A03: nobody is listed, so nobody is served', async () => {
  const setting = await open({ dm: 'allowlist', groups: 'all' }, { listed: {} });
  expect(await fate(setting, 'hello')).toBe('none refused');
  expect(await fate(setting, 'hello', { ...group, from: '7' })).toBe('not stored');
});

test.each(['edit', 'reaction'] as const)('abuse/A08: a %s is never a command', async (kind) => {
  const setting = await open();
  expect(await row(setting, '/stop', { kind })).toMatchObject({ lane: 'none' });
  expect(await setting.store.events.commands(10)).toEqual([]);
});

test('abuse/A08: an edit turns a waiting message into another message, not into a command', async () => {
  const setting = await open();
  const first = await row(setting, 'hello', { messageId: 'm1' });
  await setting.receive(written('/stop', { kind: 'edit', messageId: 'm1' }));
  expect(await setting.store.events.get(first.id)).toMatchObject({
    lane: 'turn',
    text: '/stop',
    status: 'queued',
  });
});

test('a button of ours is a command, any other is refused', async () => {
  const setting = await open();
  expect(await fate(setting, '/approve 7F3K', { kind: 'button' })).toBe('command queued');
  expect(await row(setting, 'buy now', { kind: 'button' })).toMatchObject({ status: 'refused' });
});

test('empty and odd text is a message like any other', async () => {
  const setting = await open();
  const odd = ['', '   ', '/', '//', '/stop\u0000', '\ud800', '\u202e/stop', 'ﬁ'.repeat(5_000)];
  for (const text of odd) expect(await fate(setting, text)).toBe('turn queued');
});

test('abuse/A12: what a guest may not command is refused with a word, and starts nothing', async () => {
  const setting = await open({ dm: 'open' });
  const talk = await row(setting, 'hello', { chat: 'telegram:50' });
  const refused = await row(setting, '/new', { chat: 'telegram:50' });
  expect(refused).toMatchObject({
    lane: 'none',
    status: 'refused',
    reason: '/new is not allowed for a guest',
  });
  expect(await setting.said('telegram:50')).toEqual(['/new is not for a guest. /help lists what is.']);
  expect(await setting.store.conversations.openOf('telegram:50')).toMatchObject({ id: talk.conversation });
  expect(await fate(setting, '/help', { chat: 'telegram:50' })).toBe('command queued');
});

test('a guest is somebody else than every other guest and than whoever config names', async () => {
  const setting = await open({ dm: 'open' });
  const guests = await Promise.all(
    ['a:b', 'a/b', 'A:b'].map((from) => row(setting, 'hello', { chat: 'telegram:50', from })),
  );
  const handles = new Set(guests.map((guest) => guest.person));
  expect(handles.size).toBe(3);
  expect(guests.every((guest) => guest.role === 'guest')).toBe(true);
});
