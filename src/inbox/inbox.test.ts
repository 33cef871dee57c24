import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import { createGround, withVerbs } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';

test('events and cursor are one commit, in the order in which they came', async () => {
  const ground = await createGround();
  const { inbox } = createTestInbox(ground);
  const { events } = ground.store;
  await inbox.accept('telegram', [written('/new'), written('one'), written('two')], '42');
  expect(await events.cursor('telegram')).toBe('42');
  const rows = (await events.list({ status: null, limit: 9 })).toReversed();
  expect(rows.map(({ text }) => text)).toEqual(['/new', 'one', 'two']);
  expect(new Set(rows.map(({ conversation }) => conversation)).size).toBe(1);
  await inbox.accept('telegram', [], '43');
  expect(await events.cursor('telegram')).toBe('43');
});

test('an event that is handed in again changes nothing', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const event = written('hello');
  const [first] = await receive(event);
  await receive(event, { ...event, text: 'other' });
  expect(await ground.store.events.list({ status: null, limit: 9 })).toEqual([first]);
});

test('a time that cannot be is no time: the arrival counts, so nobody is asked about a message from 1970', async () => {
  const ground = await createGround();
  const { receive } = createTestInbox(ground);
  const now = ground.clock.now();
  const dayMs = 86_400_000;
  const stored = await receive(
    written('unset', { sentAt: 1_000 }),
    written('far ahead', { sentAt: now + 400 * dayMs }),
    written('last week', { sentAt: now - 7 * dayMs }),
  );
  expect(stored.map(({ sentAt }) => sentAt)).toEqual([now, now, now - 7 * dayMs]);
});

test('a disk that refuses: nothing is acknowledged, and the same events come in whole when it is back', async () => {
  const ground = await createGround();
  const { accept } = ground.store.events;
  let full = true;
  const store = withVerbs(ground.store, 'events', {
    accept: (input) => (full ? Promise.reject(new TiroError('store-unavailable', 'full')) : accept(input)),
  });
  const { inbox } = createTestInbox({ ...ground, store });
  const batch = [written('hello'), written('hello', { chat: 'telegram:99' })];
  await expect(inbox.accept('telegram', batch, '1')).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await ground.said('telegram:99')).toEqual([]);
  full = false;
  await inbox.accept('telegram', batch, '1');
  expect(await ground.store.events.list({ status: null, limit: 9 })).toHaveLength(2);
  expect(await ground.said('telegram:99')).toHaveLength(1);
});

test('what has not the shape of an event is a row that says why, and the ones beside it pass', async () => {
  const ground = await createGround();
  const { inbox } = createTestInbox(ground);
  const broken: InboundEvent[] = [
    { ...written('secret words'), sender: { id: '', name: 'Ann' }, platformId: 'no sender' },
    { ...written('secret words'), sentAt: -1, platformId: 'no time' },
    { ...written('secret words'), platformId: '' },
  ];
  const stray = written('secret words', { chat: 'slack:1' });
  await inbox.accept('telegram', [...broken, stray, written('hello')], '7');
  await inbox.accept('telegram', [...broken, stray], '7');
  const rows = (await ground.store.events.list({ status: null, limit: 9 })).toReversed();
  expect(rows.map(({ status, reason }) => [status, reason])).toEqual([
    ['refused', expect.stringMatching(/^malformed: sender\.id: /)],
    ['refused', expect.stringMatching(/^malformed: sentAt: /)],
    ['refused', expect.stringMatching(/^malformed: platformId: /)],
    ['refused', 'malformed: it came in by telegram'],
    ['queued', null],
  ]);
  expect(JSON.stringify(rows)).not.toContain('secret words');
  expect(ground.log.lines.filter(({ event }) => event === 'event.malformed')).toHaveLength(8);
});
