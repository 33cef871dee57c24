import { expect, test } from 'vitest';
import { createTestControl, owner } from '#test/kernel/control.ts';
import { createGround, type TestGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { pairingMs } from './pairing.ts';

type Setting = TestGround & TestInbox;

async function open(dm: TestInbox['access']['dm']): Promise<Setting> {
  const ground = await createGround();
  const setting = { ...ground, ...createTestInbox(ground) };
  setting.access.dm = dm;
  return setting;
}

const hintPattern = /\/pair [0-9A-Z]{4}-[0-9A-Z]{4}/;
const secret = 'the door code is 4711';

/** Every text the database holds, whatever row it stands in. */
async function everything({ store }: Setting): Promise<string> {
  const rows = await Promise.all([
    store.events.list({ status: null, limit: 1_000 }),
    store.outbox.list({ status: null, limit: 1_000 }),
    store.steps.since({ seq: 0, conversation: null, limit: 1_000 }),
    store.conversations.list({ person: null, limit: 1_000 }),
  ]);
  return JSON.stringify(rows);
}

test('abuse/A01, A13: a stranger gets one hint; no turn, and nothing of what was said is kept', async () => {
  const setting = await open('pairing');
  const file = { id: 'f1', kind: 'image', name: secret, mime: 'image/png', bytes: 9 } as const;
  const words = { chat: 'telegram:99', name: 'Eve', files: [file] };
  const rows = [
    ...(await setting.receive(written(secret, words))),
    ...(await setting.receive(written(secret, words), written(secret, words))),
  ];
  expect(rows.map(({ lane, status }) => `${lane} ${status}`)).toEqual(Array(3).fill('none refused'));
  const said = await setting.said('telegram:99');
  expect(said).toEqual([expect.stringMatching(hintPattern)]);
  expect(await everything(setting)).not.toContain(secret);
  expect(await setting.store.turns.list({ status: null, conversation: null, limit: 9 })).toEqual([]);
  expect(await setting.store.people.pairings(setting.clock.now())).toMatchObject([
    { identity: 'telegram:99', name: 'Eve', chat: 'telegram:99' },
  ]);
});

test('what is in doubt is refused with its reason, whoever it says to be; nothing of it is kept or answered', async () => {
  const setting = await open('open');
  const doubt = 'nobody signed for ann@example.org';
  for (const chat of ['telegram:7', 'telegram:99'] as const) {
    const [row] = await setting.receive(written(secret, { chat, doubt }));
    expect(row).toMatchObject({ lane: 'none', status: 'refused', reason: doubt });
    expect(await setting.said(chat)).toEqual([]);
  }
  const [command] = await setting.receive(written('/new', { doubt }));
  expect(command).toMatchObject({ lane: 'none', status: 'refused' });
  expect(await everything(setting)).not.toContain(secret);
});

test('whoever the owner vouches for is a guest without pairing, and no more than that', async () => {
  for (const dm of ['pairing', 'allowlist'] as const) {
    const setting = await open(dm);
    const [row] = await setting.receive(written('the build failed', { chat: 'telegram:99', vouched: true }));
    expect(row).toMatchObject({
      lane: 'turn',
      role: 'guest',
      person: expect.stringMatching(/^guest-telegram-99/),
    });
    const [command] = await setting.receive(written('/new', { chat: 'telegram:99', vouched: true }));
    expect(command).toMatchObject({ lane: 'none' });
  }
});

test('a hint that is handed in again is not sent again', async () => {
  const setting = await open('pairing');
  const hello = written('hello', { chat: 'telegram:99' });
  await setting.receive(hello);
  await setting.receive(hello);
  expect(await setting.said('telegram:99')).toHaveLength(1);
});

test('abuse/A11: three codes are open at most, and only when one is over the next stranger gets one', async () => {
  const setting = await open('pairing');
  const hello = (id: number): Promise<unknown> =>
    setting.receive(written('hello', { chat: `telegram:${id}` }));
  for (const id of [91, 92, 93, 94]) await hello(id);
  expect(await setting.said('telegram:93')).toHaveLength(1);
  expect(await setting.said('telegram:94')).toHaveLength(0);
  await setting.clock.pass(pairingMs);
  await hello(94);
  expect(await setting.said('telegram:94')).toHaveLength(1);
});

test('abuse/A11: of strangers who race for the last place exactly one gets it', async () => {
  const setting = await open('pairing');
  await setting.receive(written('hello', { chat: 'telegram:91' }), written('hello', { chat: 'telegram:92' }));
  const racers = Array.from({ length: 8 }, (_, i) => 100 + i);
  await Promise.all(racers.map((id) => setting.receive(written('me', { chat: `telegram:${id}` }))));
  expect(await setting.store.people.pairings(setting.clock.now())).toHaveLength(3);
  const hints = await Promise.all(racers.map((id) => setting.said(`telegram:${id}`)));
  expect(hints.flat()).toHaveLength(1);
});

test('a stranger who edits, reacts or presses buttons gets no hint', async () => {
  const setting = await open('pairing');
  for (const kind of ['edit', 'reaction', 'button'] as const) {
    const [row] = await setting.receive(written('hello', { chat: 'telegram:99', kind }));
    expect(row).toMatchObject({ status: 'refused', text: '' });
  }
  expect(await setting.said('telegram:99')).toEqual([]);
});

test('a stranger who tries codes while none of the owner is open gets no more than any stranger', async () => {
  const setting = await open('pairing');
  for (const code of ['AAAA-AAAA', 'BBBB-BBBB', secret]) {
    await setting.receive(written(`/pair ${code}`, { chat: 'telegram:99' }));
  }
  expect(await setting.said('telegram:99')).toHaveLength(1);
  expect(await setting.store.events.commands(9)).toEqual([]);
  expect(await setting.store.conversations.list({ person: null, limit: 9 })).toEqual([]);
  expect(await everything(setting)).not.toContain(secret);
  setting.access.dm = 'allowlist';
  await setting.receive(written('/pair AAAA-AAAA', { chat: 'telegram:98' }));
  expect(await setting.said('telegram:98')).toEqual([]);
});

test('while the code of the owner is open, a stranger may send one; only the code is kept', async () => {
  const setting = await open('allowlist');
  const createdAt = setting.clock.now();
  await setting.store.people.addPairing({
    code: 'OWNR-CODE',
    kind: 'owner',
    identity: null,
    chat: null,
    name: '',
    person: null,
    role: null,
    createdAt,
    expiresAt: createdAt + pairingMs,
  });
  const [row] = await setting.receive(
    written(`/pair ownr-code ${secret}`, { chat: 'telegram:99', name: 'Ann' }),
  );
  expect(row).toMatchObject({ lane: 'command', role: 'guest', text: '/pair ownr-code', name: 'Ann' });
  expect(await everything(setting)).not.toContain(secret);
  const [other] = await setting.receive(written('/help', { chat: 'telegram:99' }));
  expect(other).toMatchObject({ lane: 'none', status: 'refused' });
});

test('allowlist: a stranger gets nothing at all', async () => {
  const setting = await open('allowlist');
  await setting.receive(written(secret, { chat: 'telegram:99' }));
  expect(await setting.said('telegram:99')).toEqual([]);
  expect(await everything(setting)).not.toContain(secret);
});

test('open: a stranger talks as a guest', async () => {
  const setting = await open('open');
  const [row] = await setting.receive(written('hello', { chat: 'telegram:99' }));
  expect(row).toMatchObject({ lane: 'turn', role: 'guest', text: 'hello' });
});

test('one let in is served from the next message on; what was said before stays forgotten', async () => {
  const setting = await open('pairing');
  const first = written(secret, { chat: 'telegram:99', name: 'Eve' });
  await setting.receive(first);
  const [pairing] = await setting.store.people.pairings(setting.clock.now());
  if (pairing === undefined) throw new Error('There is no code.');
  const who = { identity: null, handle: 'eve', role: 'member', name: 'Eve' } as const;
  await setting.store.people.pair({ code: pairing.code, ...who, at: setting.clock.now() });
  await setting.directory.refresh();
  const [again] = await setting.receive(first);
  expect(again).toMatchObject({ lane: 'none', status: 'refused', text: '' });
  const [next] = await setting.receive(written('hello', { chat: 'telegram:99' }));
  expect(next).toMatchObject({ lane: 'turn', person: 'eve', role: 'member' });
});

test('abuse/A11: while a code is open, a stranger who sends none is a stranger like any other', async () => {
  const setting = await open('pairing');
  const { control } = createTestControl(setting, setting);
  await control.run('people.pair', { code: null, handle: null, role: null }, owner);
  for (let n = 0; n < 5; n += 1) await setting.receive(written('/pair', { chat: 'telegram:99' }));
  expect(await setting.store.events.commands(9)).toEqual([]);
  expect(await setting.said('telegram:99')).toEqual([expect.stringMatching(hintPattern)]);
});
