import { expect, test } from 'vitest';
import type { SendError } from '#core/delivery.ts';
import { createOutboxWorld } from '#test/outbox/world.ts';
import { until } from '#test/until.ts';

const ann = 'telegram:7';
const bob = 'telegram:8';
const hourMs = 3_600_000;
const refused: SendError = { type: 'transient', reason: 'connection refused' };

test('words go out once, in order, each row as one call', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram', { maxText: 100 });
  const [first, ...others] = await world.say(ann, `${'one '.repeat(30)}\n\n${'two '.repeat(30)}`);
  await world.say(ann, 'three');
  await world.pump();
  expect(others.length).toBeGreaterThan(0);
  expect(telegram.calls.map(({ delivery }) => delivery.id).slice(0, others.length + 1)).toEqual([
    first,
    ...others,
  ]);
  expect(telegram.shown(ann).at(-1)).toBe('three');
  expect(telegram.calls).toHaveLength(others.length + 2);
  expect(await world.row(first)).toMatchObject({ status: 'sent', platformId: 'telegram-1', attempts: 0 });
  await world.pump();
  expect(telegram.calls).toHaveLength(others.length + 2);
});

test('the same key is queued once', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  await world.say(ann, 'hello', { key: 'k' });
  await world.say(ann, 'hello again', { key: 'k' });
  await world.pump();
  await world.say(ann, 'and again', { key: 'k' });
  await world.pump();
  expect(telegram.texts()).toEqual(['hello']);
});

test('a row says `sending` before its call is made', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const [id] = await world.say(ann, 'hello');
  const seen: string[] = [];
  telegram.onCall = async () => void seen.push((await world.row(id)).status);
  await world.pump();
  expect(seen).toEqual(['sending']);
});

test('a failing message holds back its own chat only', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.scripts.set(ann, [refused]);
  await world.say(ann, 'a1');
  await world.say(ann, 'a2');
  await world.say(bob, 'b1');
  await world.say(`${ann}/5`, 'another thread');
  await world.pump();
  expect(telegram.shown(ann)).toEqual([]);
  expect(telegram.shown(bob)).toEqual(['b1']);
  expect(telegram.shown(`${ann}/5`)).toEqual(['another thread']);
  await world.clock.pass(1_000);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['a1', 'a2']);
});

test('a hanging call holds back its own chat only', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.scripts.set(ann, ['hang']);
  await world.say(ann, 'a1');
  await world.say(ann, 'a2');
  await world.say(bob, 'b1');
  await world.deliveries.tick();
  await until('b1 is shown', () => telegram.shown(bob).length === 1);
  await world.say(bob, 'b2');
  await world.deliveries.tick();
  await until('b2 is shown', () => telegram.shown(bob).length === 2);
  expect(telegram.texts()).toEqual(['a1', 'b1', 'b2']);
});

test('rate-limited waits exactly as long as the platform says, and is no attempt', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.script.push({ type: 'rate-limited', retryAfterMs: 3_210, reason: 'too many' });
  const [id] = await world.say(ann, 'hello');
  await world.pump();
  expect(await world.row(id)).toMatchObject({ status: 'queued', attempts: 0, repeated: false });
  await world.clock.pass(3_209);
  await world.pump();
  expect(telegram.calls).toHaveLength(1);
  await world.clock.pass(1);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['hello']);
  expect(await world.row(id)).toMatchObject({ status: 'sent', attempts: 0 });
});

test('transient is tried again later and later, spread by jitter', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.script.push(refused, refused, refused);
  const [id] = await world.say(ann, 'hello');
  const waits: number[] = [];
  for (const jitter of [0, 1, 0.5]) {
    world.jitter.value = jitter;
    await world.pump();
    const { dueAt } = await world.row(id);
    waits.push(dueAt - world.clock.now());
    await world.clock.pass(dueAt - world.clock.now());
  }
  expect(waits).toEqual([800, 2_400, 4_000]);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['hello']);
  expect(await world.row(id)).toMatchObject({ status: 'sent', attempts: 3, repeated: false });
});

test('after a day of trying a row is dead, visible, and can be redriven for another day', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.scripts.set(
    ann,
    Array.from({ length: 500 }, () => refused),
  );
  const [id] = await world.say(ann, 'hello');
  const until24h = world.clock.now() + 24 * hourMs;
  while ((await world.row(id)).status === 'queued') {
    await world.pump();
    await world.clock.pass(hourMs);
    if (world.clock.now() < until24h) expect(await world.row(id)).toMatchObject({ status: 'queued' });
  }
  expect(world.clock.now()).toBeLessThan(until24h + 2 * hourMs);
  expect(await world.store.outbox.list({ status: 'dead', limit: 9 })).toMatchObject([
    { id, reason: expect.stringMatching(/24 h.*connection refused/) },
  ]);
  expect(world.log).toContainEqual(expect.objectContaining({ event: 'delivery.dead' }));
  expect(await world.redrive(id)).toBe(true);
  await world.pump();
  expect(await world.row(id)).toMatchObject({ status: 'queued', attempts: 1 });
  telegram.scripts.clear();
  await world.clock.pass(60_000);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['hello']);
});

test('a redriven row has a whole day again, also to be told to wait', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.script.push({ type: 'permanent', reason: 'no' });
  const [id] = await world.say(ann, 'hello');
  await world.pump();
  await world.clock.pass(48 * hourMs);
  await world.redrive(id);
  telegram.script.push({ type: 'rate-limited', retryAfterMs: 5_000, reason: 'too many' });
  await world.pump();
  expect(await world.row(id)).toMatchObject({ status: 'queued' });
});

test('a gateway that was off for days goes on trying until its network is up', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  await world.say(ann, 'hello');
  await world.clock.pass(72 * hourMs);
  telegram.script.push(refused, refused, refused);
  for (let tries = 0; tries < 4; tries += 1) {
    await world.pump();
    await world.clock.pass(10_000);
  }
  expect(telegram.shown(ann)).toEqual(['hello']);
});

test('what waited for a week is not said any more: it is dead with the reason, the chat goes on, and a redrive says it', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const [id] = await world.say(ann, 'it is three o’clock');
  await world.clock.pass(8 * 24 * hourMs);
  await world.say(ann, 'hello');
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['hello']);
  expect(await world.row(id)).toMatchObject({ status: 'dead', reason: expect.stringContaining('8 days') });
  expect(await world.redrive(id)).toBe(true);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['hello', 'it is three o’clock']);
});

test('permanent is dead at once with its reason; the chat goes on, and a redrive sends it', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  telegram.script.push({ type: 'permanent', reason: 'chat not found' });
  const [id] = await world.say(ann, 'first');
  await world.say(ann, 'second');
  await world.pump();
  expect(await world.store.outbox.list({ status: 'dead', limit: 9 })).toMatchObject([
    { id, reason: 'chat not found' },
  ]);
  expect(telegram.shown(ann)).toEqual(['second']);
  await world.redrive(id);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['second', 'first']);
});

test('rows of a channel that is not configured wait for it, and are dead after a day', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const [first] = await world.say(ann, 'first');
  world.channels.delete('telegram');
  await world.pump();
  expect(await world.row(first)).toMatchObject({ status: 'queued', attempts: 0, repeated: false });
  world.channels.set('telegram', telegram);
  await world.clock.pass(60_000);
  await world.pump();
  expect(telegram.shown(ann)).toEqual(['first']);
  const [second] = await world.say(ann, 'second');
  world.channels.delete('telegram');
  await world.clock.pass(25 * hourMs);
  await world.pump();
  expect(await world.row(second)).toMatchObject({ status: 'queued' });
  for (let tries = 1; tries < 8; tries += 1) {
    await world.clock.pass(60_000);
    await world.pump();
  }
  expect(await world.row(second)).toMatchObject({
    status: 'dead',
    reason: expect.stringContaining('not configured'),
  });
});

test('what a pulled chat is told makes no rows', async () => {
  const world = await createOutboxWorld();
  const web = world.channel('web', { delivery: 'pull' });
  expect(await world.say('web:owner', 'hello')).toEqual([]);
  const turn = await world.beginTurn('web:owner');
  world.preview.show(turn, 'a text that is long enough to be shown', () => Promise.resolve(true));
  await world.endTurn(turn, 'final');
  await world.pump();
  expect(await world.rowsOf(turn.id)).toEqual([]);
  expect(web.calls).toEqual([]);
});

test('a reaction or a deletion is one call like any other; one without a target is not made', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const row = (key: string) => ({ id: world.ids.delivery(), key, chat: ann, preview: false }) as const;
  telegram.script.push({ type: 'permanent', reason: 'refused' });
  const [gone] = await world.say(ann, 'never shown');
  const [here] = await world.say(ann, 'shown');
  const pointless = { ...row('pointless'), body: { kind: 'delete', target: gone ?? '' } } as const;
  await world.put(
    { ...row('reaction'), body: { kind: 'reaction', messageId: '5', emoji: '👍' } },
    { ...row('deletion'), body: { kind: 'delete', target: here ?? '' } },
    pointless,
  );
  await world.pump();
  expect(telegram.texts()).toEqual(['never shown', 'shown', 'reaction', 'delete']);
  expect(telegram.calls.at(-1)?.delivery.targetPlatformId).toBe('telegram-1');
  expect(await world.row(pointless.id)).toMatchObject({ status: 'cancelled' });
});
