import { expect, test } from 'vitest';
import type { DeliveryId } from '#core/ids.ts';
import { moment } from '#test/contract/store/world.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { createGivenUp } from './given-up.ts';

/** Ann, the owner, was seen in telegram:7; Bob writes in telegram:8. */
async function setUp(): Promise<TestGround & TestInbox & { tell(): Promise<void> }> {
  const ground = await createGround();
  const inbox = createTestInbox(ground);
  await inbox.receive(written('hello', { chat: 'telegram:7' }));
  await end(ground, 'done');
  return { ...ground, ...inbox, tell: createGivenUp(ground) };
}

async function end({ store, clock, ids }: TestGround, status: 'done' | 'dead'): Promise<string> {
  const limits = { maxRunning: 99, maxPerPerson: 99, maxEvents: 1, maxChars: 9_999, staleBefore: null };
  const claim = await store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits });
  if (claim.type !== 'turn') throw new Error('There is nothing to claim.');
  await store.turns.append(moment(claim.turn, { end: { status, reason: 'it broke' } }));
  return claim.turn.id;
}

/** Words to a chat that its platform refuses for good. */
async function undeliverable({ store, compose, clock, ids }: TestGround, chat: 'telegram:7' | 'telegram:8') {
  const [row] = compose.say({
    chat,
    markdown: 'x',
    key: ids.delivery(),
    replyTo: null,
    buttons: [],
    editOf: null,
  });
  if (row === undefined) throw new Error('Nothing was composed.');
  const body = { kind: 'notice', text: 'x' } as const;
  const at = { conversation: null, newConversation: ids.conversation(), at: clock.now() };
  await store.conversations.say({ key: row.key, chat, person: 'bob', body, deliveries: [row], ...at });
  await kill(store, row.id, clock.now());
  return row.id;
}

async function kill(store: TestGround['store'], id: DeliveryId, now: number): Promise<void> {
  await store.outbox.claim({ now, limit: 99, pausedChannels: [], pausedChats: [] });
  const outcome = { status: 'dead', reason: 'blocked by the user' } as const;
  await store.outbox.settle({ id, at: now, outcome, replacements: [] });
}

test('a message of somebody else that was given up: the owner is told once, with the way to send it through again', async () => {
  const setting = await setUp();
  await setting.tell();
  expect(await setting.said('telegram:7')).toEqual([]);
  await setting.receive(written('poison', { chat: 'telegram:8' }));
  const turn = await end(setting, 'dead');
  await setting.tell();
  await setting.clock.pass(120_000);
  await setting.tell();
  expect(await setting.said('telegram:7')).toEqual([
    expect.stringMatching(new RegExp(`bob.*it broke.*${turn}`, 's')),
  ]);
  // The next boot knows that it was told.
  await createGivenUp(setting)();
  expect(await setting.said('telegram:7')).toHaveLength(1);
});

test('a message of the owner: whose turn it was has been told already', async () => {
  const setting = await setUp();
  await setting.receive(written('poison', { chat: 'telegram:7' }));
  await end(setting, 'dead');
  await setting.tell();
  expect(await setting.said('telegram:7')).toEqual([]);
});

test('deliveries that nobody took: told in one message however many, and not again within ten minutes', async () => {
  const setting = await setUp();
  for (let n = 0; n < 3; n += 1) await undeliverable(setting, 'telegram:8');
  await setting.tell();
  expect((await setting.said('telegram:7')).join()).toMatch(
    /3 deliveries.*telegram:8.*blocked by the user.*tiro outbox/s,
  );
  await undeliverable(setting, 'telegram:8');
  await setting.tell();
  expect(await setting.said('telegram:7')).toHaveLength(1);
  await setting.clock.pass(10 * 60_000);
  await setting.tell();
  expect(await setting.said('telegram:7')).toHaveLength(2);
});

test('deliveries to the owner’s own chat are not told there: that would go on for ever', async () => {
  const setting = await setUp();
  await undeliverable(setting, 'telegram:7');
  await setting.tell();
  const waiting = await setting.store.outbox.list({ status: 'queued', limit: 9 });
  expect(waiting).toEqual([]);
  expect(setting.log.lines.map(({ event }) => event)).toContain('owner.not-told');
});

test('on a channel that config no longer lists for the owner, nobody is told', async () => {
  const setting = await setUp();
  const { ann } = setting.listed;
  if (ann === undefined) throw new Error('Ann is the owner.');
  setting.listed['ann'] = { ...ann, identities: ['discord:7'] };
  await setting.tell();
  await setting.receive(written('poison', { chat: 'telegram:8' }));
  await end(setting, 'dead');
  await setting.clock.pass(120_000);
  await setting.tell();
  expect(await setting.said('telegram:7')).toEqual([]);
});
