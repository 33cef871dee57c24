import { describe, expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { SendError } from '#core/delivery.ts';
import type { OutboxDeps } from '#outbox/outbox.ts';
import { createOutboxWorld } from '#test/outbox/world.ts';
import { until } from '#test/until.ts';

const ann = 'telegram:7';
const bob = 'telegram:8';
const hourMs = 3_600_000;
const laterMs = 400_000;
const down: SendError = { type: 'transient', reason: 'connection refused' };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a channel that fails', () => {
  test('rests after five failures in a row, however many calls failed at once', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(...times(20, down));
    for (let chat = 1; chat <= 20; chat += 1) await world.say(`telegram:${chat}`, 'hello');
    await world.pump();
    expect(telegram.calls).toHaveLength(20);
    await world.clock.pass(4_999);
    await world.pump();
    expect(telegram.calls).toHaveLength(20);
    await world.clock.pass(1);
    await world.pump();
    expect(telegram.calls).toHaveLength(40);
  });

  test('is probed with one call at a time; the rest grows, and ends when a probe goes through', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(...times(5, down), 'hang');
    for (let chat = 1; chat <= 5; chat += 1) await world.say(`telegram:${chat}`, 'hello');
    await world.pump();
    await world.clock.pass(5_000);
    for (let i = 0; i < 4; i += 1) await world.deliveries.tick();
    expect(telegram.calls).toHaveLength(6);
    // The probe is cut by the limit of a call: its channel rests again, for longer.
    await world.clock.pass(hourMs);
    await world.pump();
    await world.clock.pass(hourMs);
    await world.pump();
    expect(telegram.calls).toHaveLength(5 + 1 + 5);
    for (let chat = 1; chat <= 5; chat += 1) expect(telegram.shown(`telegram:${chat}`)).toHaveLength(1);
  });

  test('is alive when it answers anything at all', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(...times(4, down), { type: 'permanent', reason: 'blocked' }, ...times(4, down));
    for (let chat = 1; chat <= 10; chat += 1) {
      await world.say(`telegram:${chat}`, 'hello');
      await world.pump();
    }
    expect(telegram.calls).toHaveLength(10);
  });

  test('does not slow down the others, neither while it rests nor while it is probed', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const discord = world.channel('discord', { sendSemantics: 'idempotent' });
    telegram.script.push(...times(5, down), 'hang');
    for (let chat = 1; chat <= 5; chat += 1) await world.say(`telegram:${chat}`, 'hello');
    await world.pump();
    for (let chat = 1; chat <= 9; chat += 1) await world.say(`discord:${chat}`, 'hello');
    await world.pump();
    expect(discord.calls).toHaveLength(9);
    await world.clock.pass(5_000);
    await world.deliveries.tick();
    expect(telegram.calls).toHaveLength(6);
    for (let chat = 1; chat <= 9; chat += 1) await world.say(`discord:${chat}`, 'hello again');
    await world.deliveries.tick();
    expect(discord.calls).toHaveLength(18);
  });

  test('with every call hanging leaves the others their room', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const discord = world.channel('discord');
    telegram.script.push(...times(300, 'hang' as const));
    const rows = await Promise.all(
      Array.from({ length: 150 }, (_, chat) => world.say(`telegram:${chat + 1}`, 'hello')),
    );
    expect(rows).toHaveLength(150);
    for (let i = 0; i < 20; i += 1) await world.deliveries.tick();
    await world.say('discord:7', 'hello');
    await world.deliveries.tick();
    await until('discord goes on', () => discord.shown('discord:7').length === 1);
    expect(telegram.calls.length).toBeLessThan(150);
  });
});

describe('an adapter that breaks its contract', () => {
  test('throws: the answer counts as lost', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push({ throws: 'undefined is not a function' });
    const [id] = await world.say(ann, 'hello');
    await world.pump();
    expect(await world.row(id)).toMatchObject({
      status: 'queued',
      repeated: true,
      reason: expect.stringContaining('undefined is not a function'),
    });
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['hello\n(possibly repeated)']);
  });

  test.each(['hang', 'deaf'] as const)('never answers (%s): the call is cut in the end', async (answer) => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(answer);
    const [id] = await world.say(ann, 'hello');
    await world.deliveries.tick();
    await until('the call is made', () => telegram.calls.length === 1);
    await world.clock.pass(hourMs);
    await until('the row waits again', async () => (await world.row(id)).status === 'queued');
    expect(telegram.calls[0]?.signal.aborted).toBe(true);
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['hello\n(possibly repeated)']);
  });

  test('names a dialect that nobody knows: the row is tried again and buried in the end, its chat goes on', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const [id] = await world.say(ann, 'hello');
    await world.say(ann, 'second');
    Object.assign(telegram, { abilities: { ...telegram.abilities, dialects: ['telegram-html', 'klingon'] } });
    telegram.script.push(...times(20, { type: 'format-refused', reason: 'what?' } as const));
    for (let tries = 0; (await world.row(id)).status !== 'dead' && tries < 20; tries += 1) {
      await world.pump();
      await world.clock.pass(4 * hourMs);
    }
    expect(await world.row(id)).toMatchObject({ status: 'dead', reason: expect.stringContaining('klingon') });
    expect(world.log).toContainEqual(expect.objectContaining({ event: 'delivery.defect' }));
    telegram.script.length = 0;
    await world.pump();
    expect(telegram.shown(ann)).toEqual([expect.stringMatching(/^second/)]);
  });
});

describe('a store that refuses writes for a while', () => {
  test('what was sent is settled as sent when it takes writes again', async () => {
    let refusals = 3;
    const settle =
      (verbs: OutboxDeps['outbox']): OutboxDeps['outbox']['settle'] =>
      async (input) => {
        refusals -= 1;
        if (refusals >= 0) throw new TiroError('store-unavailable', 'The disk is full.');
        await verbs.settle(input);
      };
    const world = await createOutboxWorld({ outbox: (verbs) => ({ ...verbs, settle: settle(verbs) }) });
    const telegram = world.channel('telegram');
    const [id] = await world.say(ann, 'hello');
    await world.say(ann, 'second');
    await world.deliveries.tick();
    await until('the row is settled', async () => {
      await world.clock.pass(1_000);
      return (await world.row(id)).status === 'sent';
    });
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['hello', 'second']);
  });
});

describe('the pace of a channel', () => {
  test('two sends to one chat keep their distance; other chats do not wait', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { sendEveryMs: 1_000 });
    await world.say(ann, 'a1');
    await world.say(ann, 'a2');
    await world.say(bob, 'b1');
    await world.pump();
    expect(telegram.texts()).toEqual(['a1', 'b1']);
    await world.clock.pass(999);
    await world.pump();
    expect(telegram.calls).toHaveLength(2);
    await world.clock.pass(1);
    await world.pump();
    expect(telegram.texts()).toEqual(['a1', 'b1', 'a2']);
  });
});

describe('drain', () => {
  test('waits for calls in flight and sends what is due, without the pause between two sends', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { sendEveryMs: 1_000 });
    const answers: (() => void)[] = [];
    telegram.onCall = () => new Promise((resolve) => answers.push(resolve));
    await world.say(ann, 'a1');
    await world.say(ann, 'a2');
    await world.deliveries.tick();
    const drained = world.deliveries.drain(new AbortController().signal);
    await until('a1 is on its way', () => answers.length === 1);
    answers[0]?.();
    await until('a2 is on its way', () => answers.length === 2);
    expect(await Promise.race([drained.then(() => 'over'), tick()])).toBe('waiting');
    answers[1]?.();
    await drained;
    expect(telegram.shown(ann)).toEqual(['a1', 'a2']);
    expect(await world.store.outbox.countByStatus()).toMatchObject({ sent: 2, sending: 0 });
  });

  test('does not wait for what is due later', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push({ type: 'rate-limited', retryAfterMs: 60_000, reason: 'later' });
    const [id] = await world.say(ann, 'hello');
    await world.deliveries.drain(new AbortController().signal);
    expect(await world.row(id)).toMatchObject({ status: 'queued', repeated: false });
  });

  test.each(['hang', 'deaf'] as const)(
    'cuts what is open when its time is over (%s); the next boot sends it again, marked',
    async (answer) => {
      const world = await createOutboxWorld();
      const telegram = world.channel('telegram');
      telegram.script.push(answer);
      const [id] = await world.say(ann, 'hello');
      await world.say(ann, 'second');
      await world.deliveries.tick();
      const over = new AbortController();
      const drained = world.deliveries.drain(over.signal);
      await until('the call is made', () => telegram.calls.length === 1);
      over.abort();
      await world.clock.pass(1_000);
      await drained;
      expect(await world.row(id)).toMatchObject({ status: 'queued', repeated: true });
      await world.pump();
      expect(telegram.calls).toHaveLength(1);
      const next = await world.restart();
      await world.clock.pass(laterMs);
      await next.pump();
      expect(telegram.shown(ann)).toEqual(['hello\n(possibly repeated)', 'second']);
    },
  );

  test('cuts a lookup too: the next boot asks again, and nothing is marked without need', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push('lost');
    slack.lookupSays = 'deaf';
    await world.say('slack:7', 'hello');
    await world.deliveries.tick();
    await until('it is looked up', () => slack.lookups.length === 1);
    const over = new AbortController();
    over.abort();
    const drained = world.deliveries.drain(over.signal);
    await world.clock.pass(1_000);
    await drained;
    slack.lookupSays = 'truth';
    await (await world.restart()).pump();
    expect(slack.shown('slack:7')).toEqual(['hello']);
  });

  test('asks nothing more when its time is over: the next boot looks up what was cut', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push('hang');
    const [id] = await world.say('slack:7', 'hello');
    await world.deliveries.tick();
    await until('the call is made', () => slack.calls.length === 1);
    const over = new AbortController();
    over.abort();
    await world.deliveries.drain(over.signal);
    expect(slack.lookups).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'sending' });
    await (await world.restart()).pump();
    expect(slack.lookups).toHaveLength(1);
    expect(slack.shown('slack:7')).toEqual(['hello']);
  });

  test('a row that was claimed while the time ran out is not called and not marked', async () => {
    const over = new AbortController();
    const world = await createOutboxWorld({
      outbox: (verbs) => ({
        ...verbs,
        claim: async (input) => {
          const rows = await verbs.claim(input);
          if (rows.length > 0) over.abort();
          return rows;
        },
      }),
    });
    const telegram = world.channel('telegram');
    const [id] = await world.say(ann, 'hello');
    await world.deliveries.drain(over.signal);
    expect(telegram.calls).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'queued', repeated: false, attempts: 0 });
  });
});

test('the loop sends what comes, and ends with its signal', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const over = new AbortController();
  const loop = world.deliveries.start(over.signal);
  await world.say(ann, 'hello');
  world.deliveries.wake();
  await until('hello is shown', () => telegram.shown(ann).length === 1);
  over.abort();
  await loop;
});

function tick(): Promise<'waiting'> {
  return new Promise((resolve) => setImmediate(() => resolve('waiting')));
}
