import { expect, test } from 'vitest';
import type { InboundEvent } from '#core/event.ts';
import { createGround, type TestGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';

type Setting = TestGround & TestInbox;

async function open(groups: TestInbox['access']['groups']): Promise<Setting> {
  const ground = await createGround();
  const setting = { ...ground, ...createTestInbox(ground) };
  Object.assign(setting.access, { groups, dm: 'pairing' });
  const at = ground.clock.now();
  const code = { code: 'EVES-CODE', kind: 'owner', identity: null, chat: null, name: '' } as const;
  await ground.store.people.addPairing({
    ...code,
    person: null,
    role: null,
    createdAt: at,
    expiresAt: at + 1,
  });
  const eve = { identity: 'telegram:50', handle: 'eve', role: 'member', name: 'Eve' } as const;
  await ground.store.people.pair({ code: code.code, ...eve, at });
  await ground.directory.refresh();
  return setting;
}

const group = { chat: 'telegram:-100', direct: false } as const;
const kinds: readonly InboundEvent['kind'][] = ['message', 'edit', 'deletion', 'button', 'reaction'];
const texts = ['hello @tiro', '/stop', '/pair AAAA-BBBB', '/approve 7F3K', 'approve 7F3K', '/new'];
const file = { id: 'f1', kind: 'image', name: 'cat.png', mime: 'image/png', bytes: 9 } as const;

/** Every row that something could have left behind. */
async function rows({ store, clock }: Setting): Promise<unknown> {
  return {
    events: await store.events.list({ status: null, limit: 99 }),
    outbox: await store.outbox.list({ status: null, limit: 99 }),
    conversations: await store.conversations.list({ person: null, limit: 99 }),
    steps: await store.steps.since({ seq: 0, conversation: null, limit: 99 }),
    pairings: await store.people.pairings(clock.now()),
  };
}

test.each(['mention', 'all', 'off'] as const)(
  'abuse/A04: groups %s: nothing that a stranger or somebody paired in private does there leaves a row',
  async (groups) => {
    const setting = await open(groups);
    await setting.receive(written('for two', { chat: 'telegram:50' }));
    const before = await rows(setting);
    for (const from of ['666', '50']) {
      for (const kind of kinds) {
        for (const text of texts) {
          const words = { ...group, from, kind, files: [file], messageId: 'm1' };
          expect(await setting.receive(written(text, words))).toEqual([]);
          expect(await setting.receive(written(text, { ...words, addressed: false }))).toEqual([]);
        }
      }
    }
    expect(await rows(setting)).toEqual(before);
  },
);

test('groups off: not even the owner is heard there', async () => {
  const setting = await open('off');
  for (const kind of kinds)
    expect(await setting.receive(written('hello', { ...group, from: '7', kind }))).toEqual([]);
});

test('an edit of a group message gets in only from its sender, and only where it is addressed', async () => {
  const setting = await open('mention');
  const [asked] = await setting.receive(written('@tiro one', { ...group, from: '8', messageId: 'm1' }));
  const text = async (): Promise<string | undefined> =>
    (await setting.store.events.get(asked?.id ?? 'evt_'))?.text;
  const edit = { ...group, kind: 'edit', messageId: 'm1' } as const;
  await setting.receive(written('@tiro stolen', { ...edit, from: '7' }));
  await setting.receive(written('@tiro stolen', { ...edit, from: '50' }));
  await setting.receive(written('@tiro stolen', { ...edit, from: '666' }));
  await setting.receive(written('one, without the name', { ...edit, from: '8', addressed: false }));
  expect(await text()).toBe('@tiro one');
  await setting.receive(written('@tiro two', { ...edit, from: '8' }));
  expect(await text()).toBe('@tiro two');
});

test('a message of a group that is edited to name us is a message now; once answered it is not another one', async () => {
  const setting = await open('mention');
  await setting.receive(written('lunch?', { ...group, from: '8', messageId: 'm1', addressed: false }));
  const edit = { ...group, from: '8', kind: 'edit', messageId: 'm1' } as const;
  const [stored] = await setting.receive(written('@tiro lunch?', edit));
  expect(stored).toMatchObject({ lane: 'turn', status: 'queued', person: 'bob', text: '@tiro lunch?' });
  await setting.store.turns.stop({
    conversation: stored?.conversation ?? 'cnv_',
    by: 'x',
    upTo: null,
    at: 1,
  });
  const [again] = await setting.receive(written('@tiro supper?', edit));
  expect(again).toMatchObject({ lane: 'none', status: 'refused' });
});

test('a deletion needs no sender, withdraws what waits, and keeps nothing of what came with it', async () => {
  const setting = await open('mention');
  const [asked] = await setting.receive(written('@tiro one', { ...group, from: '8', messageId: 'm1' }));
  const deletion = {
    ...group,
    from: 'unknown',
    kind: 'deletion',
    messageId: 'm1',
    addressed: false,
  } as const;
  const [row] = await setting.receive(written('secret', deletion));
  expect(row).toMatchObject({
    kind: 'deletion',
    lane: 'none',
    status: 'done',
    text: '',
    person: null,
    name: '',
  });
  expect(await setting.store.events.get(asked?.id ?? 'evt_')).toMatchObject({ status: 'withdrawn' });
  expect(await setting.said('telegram:-100')).toEqual([]);
});
