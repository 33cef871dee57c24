import { expect, test } from 'vitest';
import type { StepBody } from '#core/step.ts';
import type { ChatKey } from '#core/address.ts';
import type { ConversationId } from '#core/ids.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { submitted, written } from '#test/kernel/words.ts';

const chat: ChatKey = 'telegram:7';
const longAgoMs = 7 * 3_600_000;
const aMinute = 60_000;

interface Asked extends TestGround, TestInbox {
  /** The conversation whose old message is asked about. */
  readonly conversation: ConversationId;
  /** What became of the old message. */
  fate(): Promise<string>;
  /** One turn over everything that waits, answered with these words. */
  answer(text: string): Promise<void>;
}

/** A chat with one old message and, a minute later, the question whether it still matters. */
async function asked(more: { readonly fresh?: string } = {}): Promise<Asked> {
  const ground = await createGround();
  const { store, clock, ids } = ground;
  const setting = { ...ground, ...createTestInbox(ground) };
  const [old] = await setting.receive(
    written('old', { sentAt: clock.now() - longAgoMs }),
    ...(more.fresh === undefined ? [] : [written(more.fresh)]),
  );
  const conversation = old?.conversation ?? null;
  if (old === undefined || conversation === null) throw new Error('Nothing was stored.');
  await claim(clock.now() - 1);
  await clock.pass(aMinute);
  await say(setting, conversation);
  const fate = async (): Promise<string> => (await store.events.get(old.id))?.status ?? 'gone';
  return { ...setting, conversation, fate, answer };

  async function claim(staleBefore: number | null): ReturnType<typeof store.turns.claim> {
    const limits = { maxRunning: 9, maxPerPerson: 9, maxEvents: 9, maxChars: 9_999 };
    return store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits, staleBefore });
  }

  async function answer(text: string): Promise<void> {
    const claimed = await claim(null);
    if (claimed.type !== 'turn') throw new Error('Nothing was claimed.');
    const reply: StepBody = { kind: 'reply', text, toolCalls: [], model: 'm', usage: null, finish: 'stop' };
    const end = { status: 'done', reason: null } as const;
    const nothing = { deliveries: [], settle: null, approvals: [], seal: true };
    await store.turns.append({ turn: claimed.turn.id, at: clock.now(), steps: [reply], ...nothing, end });
  }
}

async function say({ store, ids, clock }: TestGround, conversation: ConversationId): Promise<void> {
  await store.conversations.say({
    key: ids.event(),
    chat,
    conversation,
    newConversation: ids.conversation(),
    person: 'ann',
    body: { kind: 'notice', text: 'Does it still matter?' },
    deliveries: [],
    at: clock.now(),
  });
}

test.each(['yes', 'Yes!', ' y '])('%j: the old message is new work', async (text) => {
  const setting = await asked();
  const [answer] = await setting.receive(written(text));
  expect(answer).toMatchObject({ lane: 'none', status: 'done', person: 'ann' });
  expect(await setting.fate()).toBe('queued');
  expect(await setting.said(chat)).toEqual([]);
});

test.each(['no', 'NO.', 'n'])('%j: the old message is let go, and that is said', async (text) => {
  const setting = await asked();
  await setting.receive(written(text));
  expect(await setting.fate()).toBe('done');
  expect(await setting.said(chat)).toEqual(['Then I leave the old messages be.']);
});

test.each(['yes please', 'nope', 'no, wait', '', 'yesno'])('%j is a message', async (text) => {
  const setting = await asked();
  const [answer] = await setting.receive(written(text));
  expect(answer).toMatchObject({ lane: 'turn', status: 'queued' });
  expect(await setting.fate()).toBe('stale');
});

test('a yes to something said later is not taken for the answer', async () => {
  const setting = await asked();
  await setting.clock.pass(aMinute);
  await setting.receive(written('something else', { sentAt: setting.clock.now() }));
  await setting.answer('Shall I book it?');
  const [yes] = await setting.receive(written('yes'));
  expect(yes).toMatchObject({ lane: 'turn', conversation: setting.conversation });
  expect(await setting.fate()).toBe('stale');
});

test('a fresh message that came with the old ones and is answered after the question does not count', async () => {
  const setting = await asked({ fresh: 'good morning' });
  await setting.answer('Good morning!');
  const [yes] = await setting.receive(written('yes'));
  expect(yes).toMatchObject({ lane: 'none', status: 'done' });
  expect(await setting.fate()).toBe('queued');
});

test('an edit or a button never answers it', async () => {
  const setting = await asked();
  await setting.receive(written('yes', { kind: 'edit' }), written('yes', { kind: 'button' }));
  expect(await setting.fate()).toBe('stale');
});

test('where nothing was asked, yes and no are messages', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const rows = await receive(written('yes'), written('no'));
  expect(rows.map(({ lane }) => lane)).toEqual(['turn', 'turn']);
});

test('a refusal that is handed in again is acknowledged once', async () => {
  const setting = await asked();
  const no = written('no');
  await setting.receive(no);
  await setting.receive(no);
  expect(await setting.said(chat)).toHaveLength(1);
});

test('the page can answer as well', async () => {
  const ground = await createGround();
  const { store, clock, ids } = ground;
  const { submit } = createTestInbox(ground);
  const first = await submit(submitted('old'));
  await clock.pass(longAgoMs);
  const limits = { maxRunning: 9, maxPerPerson: 9, maxEvents: 9, maxChars: 999 };
  await store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits, staleBefore: clock.now() - 1 });
  await store.conversations.say({
    key: 'question',
    chat: 'web:owner',
    conversation: first.conversation,
    newConversation: ids.conversation(),
    person: 'ann',
    body: { kind: 'notice', text: 'Does it still matter?' },
    deliveries: [],
    at: clock.now(),
  });
  const yes = await submit(submitted('yes', { conversation: first.conversation }));
  expect(yes).toMatchObject({ conversation: first.conversation });
  expect(await store.events.get(first.event)).toMatchObject({ status: 'queued' });
});
