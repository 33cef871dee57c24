import { expect, test } from 'vitest';
import { until } from '#test/contract/adapter.ts';
import { bot } from '#test/fakes/slack/index.ts';
import { run, type Running } from '#test/fakes/slack/running.ts';

/** A gateway that heard one message in each channel, and is gone. */
async function gone(
  channels: readonly string[] = ['D7'],
): Promise<Running & { readonly cursor: string | null }> {
  const before = await run();
  for (const channel of channels) before.fake.say('first', { channel });
  await until(() => before.sink.events.length === channels.length);
  await before.stop();
  return { ...before, cursor: before.sink.cursorText() };
}

const texts = ({ sink }: Running): readonly string[] => sink.events.map(({ text }) => text);

test('a first start reads nothing back', async () => {
  const { fake, sink } = await run({ before: (it) => void it.say('long ago', { untold: true }) });
  fake.say('now');
  await until(() => sink.events.length === 1);
  expect(fake.callsOf('conversations.history')).toEqual([]);
});

test('what Slack gave up to tell is read back, once, in order, under the same id', async () => {
  const { fake, cursor } = await gone();
  for (const text of ['one', 'two', 'three']) fake.say(text);
  fake.giveUp();
  const after = await run({ on: fake, cursor });
  const last = fake.say('four');
  await until(() => texts(after).includes('four'));
  expect(texts(after)).toEqual(['first', 'one', 'two', 'three', 'four']);
  for (const delivery of last.deliveries) fake.again(delivery);
  await until(() => last.deliveries.every((delivery) => delivery.acknowledged));
  expect(texts(after)).toHaveLength(5);
});

test('threads, new threads, edits and direct chats that were never heard of', async () => {
  const { fake, cursor } = await gone(['D7', 'C1']);
  const untold = true;
  const top = fake.say(`<@${bot.user}> look`, { channel: 'C1', untold }).message;
  Object.assign(top, { reply_count: 1 });
  fake.say('and here', { channel: 'C1', thread: top.ts, untold });
  const late = fake.say('helo', { from: 'U9', untold }).message;
  late.text = 'hello';
  late.edited = { user: 'U9', ts: fake.chats.nextTs() };
  fake.chats.post({ channel: 'D9', text: 'our own' });
  const after = await run({ on: fake, cursor });
  await until(() => after.sink.events.length === 6);
  const seen = after.sink.events.map(({ kind, text, chat }) => `${kind} ${chat.chat} ${chat.thread} ${text}`);
  expect(seen.toSorted()).toEqual(
    [
      'message T1/D7 null first',
      'message T1/C1 null first',
      `message T1/C1 ${top.ts} look`,
      `message T1/C1 ${top.ts} and here`,
      'message T1/D9 null hello',
      'edit T1/D9 null hello',
    ].toSorted(),
  );
});

test('of a long absence all pages are read', async () => {
  const { fake, cursor } = await gone();
  const words = Array.from({ length: 450 }, (_, index) => `word ${index}`);
  for (const text of words) fake.say(text, { untold: true });
  const after = await run({ on: fake, cursor });
  await until(() => after.sink.events.length === 451);
  expect(texts(after)).toEqual(['first', ...words]);
});

test('a missing scope is said, and what it would have let us read is passed over', async () => {
  const { fake, cursor } = await gone(['D7', 'C1']);
  fake.say('unseen', { untold: true });
  fake.refuseNext('users.conversations', 'missing_scope');
  fake.refuseNext('conversations.history', 'missing_scope');
  fake.refuseNext('conversations.history', 'missing_scope');
  const after = await run({ on: fake, cursor });
  fake.say('heard');
  await until(() => texts(after).includes('heard'));
  expect(after.log.lines).toMatchObject([{ event: 'backlog.missed' }, { event: 'backlog.missed' }]);
});

test('limits and outages are waited out, and live messages wait with it', async () => {
  const { fake, cursor } = await gone();
  fake.say('missed', { untold: true });
  fake.failNext('users.conversations', { status: 429, headers: { 'retry-after': '20' } });
  fake.failNext('conversations.history', { status: 429, headers: { 'retry-after': '30' } });
  fake.failNext('conversations.history', { status: 503, text: 'down' });
  fake.dropAnswer('conversations.history');
  const after = await run({ on: fake, cursor });
  fake.say('live');
  await until(() => texts(after).includes('live'));
  expect(texts(after)).toEqual(['first', 'missed', 'live']);
  expect(after.slept).toEqual([20_000, 30_000, 5_000, 5_000]);
});

test('what was read back is handed in until it is stored', async () => {
  const { fake, cursor } = await gone();
  fake.say('missed', { untold: true });
  const after = await run({ on: fake, cursor, rejectAccepts: 2 });
  await until(() => texts(after).includes('missed'));
  expect(after.sink.offered.length).toBe(6);
});

test('after an outage in mid-life it is read back too, after a mere renewal it is not', async () => {
  const { fake, sink } = await run();
  fake.say('first');
  await until(() => sink.events.length === 1);
  fake.disconnect('refresh_requested');
  await until(() => fake.sockets.connections === 2);
  fake.say('second');
  await until(() => sink.events.length === 2);
  expect(fake.callsOf('conversations.history')).toEqual([]);
  fake.say('missed', { untold: true });
  fake.cut();
  await until(() => sink.events.length === 3);
  expect(sink.events[2]?.text).toBe('missed');
});

test('stopped while it reads back, the next one begins where it did: nothing is passed over', async () => {
  const { fake, cursor } = await gone(['D7', 'C1']);
  fake.say('missed', { channel: 'D7', untold: true });
  fake.say('missed too', { channel: 'C1', untold: true });
  fake.hang('conversations.history');
  const dying = await run({ on: fake, cursor });
  await until(() => texts(dying).includes('missed'));
  expect(texts(dying)).not.toContain('missed too');
  expect(dying.sink.cursorText()).toBe(cursor);
  await dying.stop();
  const after = await run({ on: fake, cursor: dying.sink.cursorText() });
  await until(() => texts(after).includes('missed too'));
  const told = after.log.lines.length;
  fake.say('live');
  await until(() => texts(after).includes('live'));
  await until(() => after.sink.cursorText() !== cursor);
  expect(told).toBe(0);
});

test('the store was away when it began to read back: it reads all the same', async () => {
  const { fake, cursor } = await gone();
  fake.say('missed', { untold: true });
  const after = await run({ on: fake, cursor, rejectCursors: 1 });
  await until(() => texts(after).includes('missed'));
  expect(after.log.lines).toMatchObject([{ event: 'backlog.failed' }]);
});

test('of many channels all pages are asked for', async () => {
  const { fake, cursor } = await gone();
  fake.say('from somebody new', { from: 'U9', untold: true });
  const first = { ok: true, channels: [{ id: 'D7' }], response_metadata: { next_cursor: 'more' } };
  fake.failNext('users.conversations', { status: 200, text: JSON.stringify(first) });
  const after = await run({ on: fake, cursor });
  await until(() => texts(after).includes('from somebody new'));
});

test('what could not be stored for longer than Slack tries is read back as soon as it can', async () => {
  const { fake, cursor } = await gone();
  const after = await run({ on: fake, cursor });
  fake.say('heard');
  await until(() => texts(after).includes('heard'));
  after.sink.reject(Number.POSITIVE_INFINITY);
  fake.say('refused');
  await until(() => after.log.lines.length > 0);
  fake.giveUp();
  after.sink.reject(0);
  await until(() => texts(after).includes('refused'));
  expect(fake.sockets.connections).toBe(2);
});
