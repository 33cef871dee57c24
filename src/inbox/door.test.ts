import { expect, test } from 'vitest';
import type { StepBody } from '#core/step.ts';
import { createGround } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { submitted, written } from '#test/kernel/words.ts';

test('a key used again with the same text is the same message, with another text a conflict', async () => {
  const ground = await createGround();
  const { door, submit } = createTestInbox(ground);
  const first = await submit(submitted('hello', { key: 'k1' }));
  expect(await submit(submitted('hello', { key: 'k1' }))).toEqual({ ...first, duplicate: true });
  expect(await door.submit(submitted('other', { key: 'k1' }))).toEqual({ ok: false, reason: 'conflict' });
  expect(await ground.store.events.list({ status: null, limit: 9 })).toHaveLength(1);
});

test('without a key each message is new', async () => {
  const ground = await createGround();
  const { submit } = createTestInbox(ground);
  const ids = [await submit(submitted('hello')), await submit(submitted('hello'))].map(({ event }) => event);
  expect(new Set(ids).size).toBe(2);
});

test('a key belongs to its channel', async () => {
  const { submit } = createTestInbox(await createGround());
  const page = await submit(submitted('hello', { key: 'k1' }));
  const api = await submit(submitted('hello', { key: 'k1', channel: 'api' }));
  expect(api.event).not.toBe(page.event);
});

test('an unknown conversation is refused and nothing is stored', async () => {
  const ground = await createGround();
  const { door } = createTestInbox(ground);
  const answer = await door.submit(submitted('hello', { conversation: 'cnv_nowhere' }));
  expect(answer).toEqual({ ok: false, reason: 'unknown-conversation' });
  expect(await ground.store.events.list({ status: null, limit: 9 })).toEqual([]);
});

test('a conversation of another channel goes on, and the answer belongs to who asked', async () => {
  const ground = await createGround();
  const { receive, submit } = createTestInbox(ground);
  const [told] = await receive(written('hello'));
  const conversation = told?.conversation ?? null;
  const asked = await submit(submitted('and now?', { conversation }));
  expect(asked.conversation).toBe(conversation);
  expect(await ground.store.events.get(asked.event)).toMatchObject({ chat: 'web:owner', person: 'ann' });
});

test('an isolated message has a conversation of its own, with the history it brings and closed for others', async () => {
  const ground = await createGround();
  const { submit } = createTestInbox(ground);
  const history: StepBody[] = [
    { kind: 'input', event: 'evt_0', person: 'ann', name: '', text: 'before', files: [], at: 0 },
    { kind: 'reply', text: 'indeed', toolCalls: [], model: 'm', usage: null, finish: 'stop' },
  ];
  const isolated = { channel: 'api', isolated: true } as const;
  const one = await submit(submitted('now', { ...isolated, history, key: 'k' }));
  const two = await submit(submitted('now', { ...isolated }));
  expect(two.conversation).not.toBe(one.conversation);
  const steps = await ground.store.steps.ofConversation(one.conversation);
  expect(steps.map(({ body }) => body)).toEqual(history);
  expect(await ground.store.conversations.get(one.conversation)).toMatchObject({ open: false });
  const again = await submit(submitted('now', { ...isolated, history, key: 'k' }));
  expect(again).toMatchObject({ duplicate: true, conversation: one.conversation });
  expect(await ground.store.steps.ofConversation(one.conversation)).toHaveLength(2);
});

test('the named user has a memory of his own and the rights of the token', async () => {
  const ground = await createGround();
  const { submit } = createTestInbox(ground);
  const bob = { channel: 'api', chat: 'bob', user: 'bob' } as const;
  const { event } = await submit(submitted('hello', bob));
  expect(await ground.store.events.get(event)).toMatchObject({
    person: 'api-bob',
    role: 'owner',
    identity: 'api:bob',
  });
  ground.listed['bob'] = { ...listedBob, identities: ['telegram:8', 'api:bob'] };
  const linked = await submit(submitted('hello', bob));
  expect(await ground.store.events.get(linked.event)).toMatchObject({ person: 'bob', role: 'owner' });
});

const listedBob = { role: 'member', identities: [], timezone: null, language: null, approve: null } as const;

test('commands go to their own lane; only the page lets messages be answered together', async () => {
  const ground = await createGround();
  const { submit } = createTestInbox(ground);
  const { store, ids, clock } = ground;
  await submit(submitted('/status'));
  expect(await store.events.commands(9)).toMatchObject([{ text: '/status', role: 'owner' }]);
  const limits = { maxRunning: 9, maxPerPerson: 9, maxEvents: 9, maxChars: 999, staleBefore: null };
  for (const channel of ['web', 'cli', 'api'] as const) {
    await submit(submitted('one', { channel }));
    await submit(submitted('two', { channel }));
    const claim = await store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits });
    const taken = claim.type === 'turn' ? await store.turns.eventsOf(claim.turn.id) : [];
    expect(taken).toHaveLength(channel === 'web' ? 2 : 1);
  }
});

test('/new begins the next conversation in the commit that stores it', async () => {
  const ground = await createGround();
  const { submit } = createTestInbox(ground);
  const before = await submit(submitted('hello'));
  const fresh = await submit(submitted('/new'));
  const after = await submit(submitted('hello again'));
  expect(fresh.conversation).not.toBe(before.conversation);
  expect(after.conversation).toBe(fresh.conversation);
});
