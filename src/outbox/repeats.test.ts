import { describe, expect, test } from 'vitest';
import type { SendError } from '#core/delivery.ts';
import { repeatedMark } from '#outbox/compose.ts';
import { createOutboxWorld } from '#test/outbox/world.ts';
import { until } from '#test/until.ts';

const ann = 'telegram:7';
const bob = 'telegram:8';
const hourMs = 3_600_000;
const laterMs = 400_000;
const answerLost: SendError = { type: 'unknown', reason: 'HTTP 502' };

test('the mark is the one that people and benches look for', () => {
  expect(repeatedMark).toBe('(possibly repeated)');
});

describe('a call whose answer was lost', () => {
  test('blind: it is sent again, ending with the mark', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('lost');
    const [id] = await world.say(ann, 'hello');
    await world.pump();
    expect(await world.row(id)).toMatchObject({ status: 'queued', repeated: true, attempts: 1 });
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['hello', 'hello\n(possibly repeated)']);
    expect(telegram.calls.map(({ delivery }) => delivery.id)).toEqual([id, id]);
  });

  test('the row tells in the words of the adapter what happened', async () => {
    const world = await createOutboxWorld();
    world.channel('telegram').script.push(answerLost);
    const [id] = await world.say(ann, 'hello');
    await world.pump();
    expect(await world.row(id)).toMatchObject({ reason: expect.stringContaining('HTTP 502') });
  });

  test('blind: the mark stays through later failures and never pushes a text over the limit', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { maxText: 120, countedAs: 'bytes' });
    const chunks = await world.say(ann, 'ü'.repeat(500));
    telegram.script.push(
      answerLost,
      { type: 'transient', reason: 'refused' },
      { type: 'rate-limited', retryAfterMs: 5, reason: 'slow down' },
    );
    for (let i = 0; i < 4; i += 1) {
      await world.pump();
      await world.clock.pass(laterMs);
    }
    const [first, ...others] = telegram.shown(ann);
    expect(first).toMatch(/\n\(possibly repeated\)$/);
    expect(others).toHaveLength(chunks.length - 1);
    expect(others.join('')).not.toContain(repeatedMark);
    expect(Math.max(...telegram.texts().map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(120);
    expect(telegram.shown(ann).join('').replaceAll(/[^ü]/g, '')).toBe('ü'.repeat(500));
  });

  test('idempotent: the same key again, without a mark', async () => {
    const world = await createOutboxWorld();
    const discord = world.channel('discord', { sendSemantics: 'idempotent' });
    discord.script.push('lost', answerLost);
    const [id] = await world.say('discord:7', 'hello');
    for (let i = 0; i < 3; i += 1) {
      await world.pump();
      await world.clock.pass(laterMs);
    }
    expect(discord.calls.map(({ delivery }) => delivery.id)).toEqual([id, id, id]);
    expect(discord.shown('discord:7')).toEqual(['hello']);
    expect(discord.lookups).toEqual([]);
  });

  test('an edit, a deletion or a reaction is made again without a mark or a look: they are idempotent', async () => {
    for (const sendSemantics of ['blind', 'reconcilable'] as const) {
      const world = await createOutboxWorld();
      const slack = world.channel('slack', { sendSemantics });
      const chat = 'slack:7';
      const [id] = await world.say(chat, 'first');
      await world.say(chat, 'second', { editOf: id ?? null });
      slack.script.push('ok', 'lost');
      await world.pump();
      await world.clock.pass(laterMs);
      await world.pump();
      expect(slack.texts()).toEqual(['first', 'second', 'second']);
      expect(slack.shown(chat)).toEqual(['second']);
      expect(slack.lookups).toEqual([]);
    }
  });

  test('a file says so in its caption', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const file = { kind: 'file', path: 'files/out/k/f', name: 'f', mime: 'text/plain', caption: '' } as const;
    await world.put({ id: world.ids.delivery(), key: 'f', chat: ann, preview: false, body: file });
    telegram.script.push('lost');
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    const placed = { ...file, path: '/home/of/tiro/files/out/k/f' };
    expect(telegram.calls.map(({ delivery }) => delivery.body)).toEqual([
      placed,
      { ...placed, caption: repeatedMark },
    ]);
  });

  test('the answer to the last try of a day may be lost too: a redrive knows', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const [id] = await world.say(ann, 'hello');
    for (let tries = 0; tries < 8; tries += 1) {
      telegram.script.push({ type: 'transient', reason: 'refused' });
      await world.pump();
      await world.clock.pass(laterMs);
    }
    await world.clock.pass(24 * hourMs);
    telegram.script.push('lost');
    await world.pump();
    expect(await world.row(id)).toMatchObject({ status: 'queued', repeated: true });
    telegram.script.push(answerLost);
    await world.clock.pass(laterMs);
    await world.pump();
    expect(await world.row(id)).toMatchObject({ status: 'dead', repeated: true });
    await world.redrive(id);
    // The channel rests after so many failures.
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['hello', 'hello\n(possibly repeated)']);
  });
});

describe('reconcilable: the platform is asked', () => {
  test('sent: nothing is sent again', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push('lost');
    const [id] = await world.say('slack:7', 'hello');
    await world.pump();
    expect(await world.row(id)).toMatchObject({ status: 'sent', platformId: 'slack-1', repeated: false });
    expect(slack.shown('slack:7')).toEqual(['hello']);
  });

  test('absent: it is sent again without a mark', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push(answerLost);
    await world.say('slack:7', 'hello');
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    expect(slack.shown('slack:7')).toEqual(['hello']);
    expect(slack.lookups).toHaveLength(1);
  });

  test.each(['unknown', 'throws'] as const)('%s: it is sent again with the mark', async (found) => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push('lost');
    slack.lookupSays = found;
    await world.say('slack:7', 'hello');
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    expect(slack.shown('slack:7')).toEqual(['hello', 'hello\n(possibly repeated)']);
  });

  test('a lookup that never ends is given up', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    slack.script.push('lost');
    slack.lookupSays = 'deaf';
    const [id] = await world.say('slack:7', 'hello');
    await world.deliveries.tick();
    await until('the platform is asked', () => slack.lookups.length === 1);
    await world.clock.pass(hourMs);
    await until('the row waits again', async () => (await world.row(id)).status === 'queued');
    expect(await world.row(id)).toMatchObject({ repeated: true });
  });
});

describe('a gateway that was killed in mid-call', () => {
  test('blind: sent again at once, with the mark and in its place', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('deaf');
    const [id] = await world.say(ann, 'first');
    await world.say(ann, 'second');
    await world.deliveries.tick();
    const next = await world.restart();
    await next.pump();
    expect(telegram.shown(ann)).toEqual(['first\n(possibly repeated)', 'second']);
    expect(await world.row(id)).toMatchObject({ status: 'sent', attempts: 0 });
  });

  test('idempotent: the same key again, without a mark', async () => {
    const world = await createOutboxWorld();
    const discord = world.channel('discord', { sendSemantics: 'idempotent' });
    discord.script.push('deaf');
    const [id] = await world.say('discord:7', 'hello');
    await world.deliveries.tick();
    await (await world.restart()).pump();
    expect(discord.calls.map(({ delivery }) => delivery.id)).toEqual([id, id]);
    expect(discord.shown('discord:7')).toEqual(['hello']);
  });

  test('reconcilable: looked up; sent is sent, absent goes again, unknown goes again with the mark', async () => {
    for (const { answer, found, shown } of [
      { answer: 'lost', found: 'truth', shown: ['hello'] },
      { answer: 'deaf', found: 'truth', shown: ['hello'] },
      { answer: 'lost', found: 'unknown', shown: ['hello', 'hello\n(possibly repeated)'] },
    ] as const) {
      const world = await createOutboxWorld();
      const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
      slack.script.push(answer);
      slack.dies = true;
      await world.say('slack:7', 'hello');
      await world.deliveries.tick();
      await until('the call is made', () => slack.calls.length === 1);
      slack.dies = false;
      slack.lookupSays = found;
      await (await world.restart()).pump();
      expect(slack.shown('slack:7')).toEqual(shown);
    }
  });

  test('an edit is made again without a mark', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const [id] = await world.say(ann, 'first');
    await world.say(ann, 'second', { editOf: id ?? null });
    telegram.script.push('ok', 'deaf');
    await world.deliveries.tick();
    await until('it is sent', async () => (await world.row(id)).status === 'sent');
    await world.deliveries.tick();
    await until('the edit is under way', () => telegram.calls.length === 2);
    await (await world.restart()).pump();
    expect(telegram.shown(ann)).toEqual(['second']);
  });

  test('a row that is older than a day is tried again and not buried', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('deaf');
    await world.say(ann, 'hello');
    await world.deliveries.tick();
    await world.clock.pass(60 * hourMs);
    await (await world.restart()).pump();
    expect(telegram.shown(ann)).toEqual(['hello\n(possibly repeated)']);
  });

  test('and a person had stopped it: it is not sent again', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const turn = await world.beginTurn(ann);
    telegram.script.push('deaf');
    await world.endTurn(turn, 'hello');
    await world.deliveries.tick();
    await world.store.turns.stop({
      conversation: turn.conversation,
      by: 'ann',
      upTo: null,
      at: world.clock.now(),
    });
    await (await world.restart()).pump();
    expect(telegram.shown(ann)).toEqual([]);
    expect(await world.rowsOf(turn.id)).toMatchObject([{ status: 'cancelled' }]);
  });

  test('its channel is not configured now: when it is again, the row goes out marked', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('deaf');
    await world.say(ann, 'hello');
    await world.deliveries.tick();
    world.channels.delete('telegram');
    const next = await world.restart();
    await next.pump();
    world.channels.set('telegram', telegram);
    await world.clock.pass(60_000);
    await next.pump();
    expect(telegram.shown(ann)).toEqual(['hello\n(possibly repeated)']);
  });

  test('a lookup that never ends holds back its own chat only', async () => {
    const world = await createOutboxWorld();
    const slack = world.channel('slack', { sendSemantics: 'reconcilable' });
    const telegram = world.channel('telegram');
    slack.script.push('deaf');
    await world.say('slack:7', 'hello');
    await world.deliveries.tick();
    slack.lookupSays = 'deaf';
    const next = await world.restart();
    await world.say(bob, 'hello');
    void next.deliveries.tick();
    await until('telegram goes on', () => {
      void next.deliveries.tick();
      return telegram.shown(bob).length === 1;
    });
  });

  test('the old gateway, still alive, settles nothing any more', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    let answer = (): void => undefined;
    telegram.onCall = () => new Promise((resolve) => (answer = resolve));
    const [id] = await world.say(ann, 'hello');
    await world.deliveries.tick();
    telegram.onCall = () => Promise.resolve();
    const next = await world.restart();
    answer();
    await until('it is told', () => world.log.some(({ event }) => event === 'delivery.fenced'));
    expect(await world.row(id)).toMatchObject({ status: 'sending' });
    await next.pump();
    expect(telegram.shown(ann)).toEqual(['hello', 'hello\n(possibly repeated)']);
  });
});
