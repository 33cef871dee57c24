import { describe, expect, test } from 'vitest';
import type { Button, SendError } from '#core/delivery.ts';
import { createOutboxWorld } from '#test/outbox/world.ts';

const ann = 'telegram:7';
const laterMs = 400_000;
const badFormat: SendError = { type: 'format-refused', reason: "can't parse entities" };
const gone: SendError = { type: 'permanent', reason: 'message to edit not found' };
const yes: Button = { label: 'Yes', value: '/yes' };

const dialects = ['telegram-rich', 'telegram-html', 'plain'] as const;
const table = '| a | b |\n| --- | --- |\n| 1 | 2 |';

test('an edit that may have been made and is refused then: the message instead of it carries the mark', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram');
  const chat = 'telegram:7';
  const [id] = await world.say(chat, 'first');
  await world.pump();
  await world.say(chat, 'second', { editOf: id ?? null });
  telegram.script.push('lost', { type: 'permanent', reason: 'too late to edit' });
  await world.pump();
  await world.clock.pass(400_000);
  await world.pump();
  expect(telegram.shown(chat)).toEqual(['second', 'second\n(possibly repeated)']);
});

describe('a dialect for tables only', () => {
  test('tables are said in it, in one message up to its own limit; everything else in the next one', async () => {
    const world = await createOutboxWorld();
    const more = { dialects, maxText: 100, maxTextByDialect: { 'telegram-rich': 32_768 } };
    const telegram = world.channel('telegram', more);
    const long = `${table}\n\n${'word '.repeat(200)}`;
    await world.say(ann, long);
    await world.say(ann, '**bold**');
    await world.pump();
    const bodies = telegram.calls.map(({ delivery }) => delivery.body);
    expect(bodies).toMatchObject([{ dialect: 'telegram-rich' }, { dialect: 'telegram-html' }]);
  });

  test('refused, it goes on as HTML, and refused again as plain text', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { dialects });
    telegram.script.push(badFormat, badFormat);
    await world.say(ann, table);
    await world.pump();
    const bodies = telegram.calls.map(({ delivery }) => delivery.body);
    expect(bodies.map((body) => 'dialect' in body && body.dialect)).toEqual(dialects);
    expect(telegram.shown(ann).at(-1)).toContain('1');
  });

  test('the mark stands behind a table, not in it', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { dialects });
    telegram.script.push('lost');
    await world.say(ann, table);
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann).at(-1)).toMatch(/\|\n\n\(possibly repeated\)$/);
  });

  test('what is shown while it is written, and what replaces it, is said in a dialect that edits know', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { dialects, drafts: false, editEveryMs: 0 });
    const turn = await world.beginTurn(ann);
    await world.clock.pass(2_000);
    world.preview.show(turn, `so far:\n\n${table}`, () => Promise.resolve(true));
    await world.preview.finish(turn);
    await world.pump();
    await world.endTurn(turn, table);
    await world.pump();
    const bodies = telegram.calls.map(({ delivery }) => delivery.body);
    expect(bodies.map((body) => 'dialect' in body && body.dialect)).toEqual([
      'telegram-html',
      'telegram-html',
    ]);
  });
});

describe('a refused format', () => {
  test('the next dialect goes out as a new delivery in the same place', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(badFormat);
    const [id] = await world.say(ann, '**bold**', { buttons: [yes], replyTo: '5' });
    await world.say(ann, 'second');
    await world.pump();
    expect(telegram.texts()).toEqual(['<b>bold</b>', 'bold', 'second']);
    const bodies = telegram.calls.map(({ delivery }) => delivery.body);
    expect(bodies[1]).toMatchObject({ dialect: 'plain', buttons: [yes], replyTo: '5' });
    expect(telegram.calls[1]?.delivery.id).not.toBe(id);
    expect(await world.row(id)).toMatchObject({
      status: 'cancelled',
      reason: expect.stringContaining("can't parse entities"),
    });
  });

  test('no dialect left: dead, with the reason', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(badFormat, badFormat);
    await world.say(ann, '**bold**');
    await world.say(ann, 'second');
    await world.pump();
    expect(await world.store.outbox.list({ status: 'dead', limit: 9 })).toMatchObject([
      { body: { text: 'bold', dialect: 'plain' }, reason: "can't parse entities" },
    ]);
    expect(telegram.shown(ann)).toEqual(['second']);
  });

  test('an edit is made again as an edit, and what does not fit follows it', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { dialects: ['plain', 'telegram-html'], maxText: 100 });
    const [id] = await world.say(ann, 'preview');
    // The next dialect needs more room: `&` is `&amp;` there.
    await world.say(ann, '& '.repeat(35), { editOf: id ?? null, buttons: [yes] });
    await world.say(ann, 'last');
    telegram.script.push('ok', badFormat);
    await world.pump();
    expect(telegram.calls.map(({ delivery }) => delivery.body.kind)).toEqual([
      'message',
      'edit',
      'edit',
      'message',
      'message',
      'message',
    ]);
    const shown = telegram.shown(ann);
    expect(shown.at(-1)).toBe('last');
    expect(shown.slice(0, -1).join(' ').match(/&amp;/g)).toHaveLength(35);
    const withButtons = telegram.calls.filter(
      ({ delivery }) => 'buttons' in delivery.body && delivery.body.buttons.length > 0,
    );
    expect(
      withButtons.map(({ delivery }) => telegram.calls.findIndex((call) => call.delivery === delivery)),
    ).toEqual([1, 4]);
  });

  test('the mark goes over to the replacement of what may stand there already, and only to it', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('lost', badFormat);
    await world.say(ann, '**bold**');
    await world.say(ann, 'second');
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['<b>bold</b>', 'bold\n(possibly repeated)', 'second']);
  });

  test('later edits of the message find its replacement', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push(badFormat);
    const [id] = await world.say(ann, '**bold**');
    await world.say(ann, 'edited', { editOf: id ?? null });
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['edited']);
  });

  test('stopped meanwhile: nothing more of it goes out', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const turn = await world.beginTurn(ann);
    telegram.script.push(badFormat);
    telegram.onCall = async () => {
      await world.store.turns.stop({
        conversation: turn.conversation,
        by: 'ann',
        upTo: null,
        at: world.clock.now(),
      });
    };
    await world.endTurn(turn, '**bold**');
    await world.pump();
    expect(telegram.texts()).toEqual(['<b>bold</b>']);
    expect(await world.store.outbox.countByStatus()).toMatchObject({ queued: 0, sending: 0 });
  });
});

describe('an edit whose message never came out', () => {
  test('becomes a message in its place; later edits are edits of it', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push({ type: 'permanent', reason: 'no' });
    const [id] = await world.say(ann, 'never shown');
    const editOf = id ?? null;
    await world.say(ann, 'instead', { editOf, buttons: [yes] });
    await world.say(ann, 'another');
    await world.say(ann, 'changed', { editOf });
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['changed', 'another']);
    expect(telegram.calls.map(({ delivery }) => delivery.body.kind)).toEqual([
      'message',
      'message',
      'message',
      'edit',
    ]);
    expect(telegram.calls[1]?.delivery.body).toMatchObject({ kind: 'message', buttons: [yes] });
  });

  test('and, being a message, carries the mark when its answer was lost', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push({ type: 'permanent', reason: 'no' }, 'lost');
    const [id] = await world.say(ann, 'never shown');
    await world.say(ann, 'instead', { editOf: id ?? null });
    await world.pump();
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['instead', 'instead\n(possibly repeated)']);
  });

  test('or when the process died while it was sent', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push({ type: 'permanent', reason: 'no' });
    const [id] = await world.say(ann, 'never shown');
    await world.say(ann, 'instead', { editOf: id ?? null });
    telegram.onCall = async ({ delivery }) => {
      telegram.dies = 'text' in delivery.body && delivery.body.text === 'instead';
    };
    await world.deliveries.tick();
    for (let calls = 0; calls < 2; calls = telegram.calls.length) await world.deliveries.tick();
    telegram.onCall = async () => undefined;
    telegram.dies = false;
    await (await world.restart()).pump();
    expect(telegram.shown(ann)).toEqual(['instead', 'instead\n(possibly repeated)']);
  });

  test('so does one whose message was stopped', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    const turn = await world.beginTurn(ann);
    await world.endTurn(turn, 'stopped');
    await world.store.turns.stop({
      conversation: turn.conversation,
      by: 'ann',
      upTo: null,
      at: world.clock.now(),
    });
    const [row] = await world.rowsOf(turn.id);
    await world.say(ann, 'instead', { editOf: row?.id ?? null });
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['instead']);
  });

  test('a final text that can no longer be an edit is a message: nobody deletes an answer by deleting its preview', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram');
    telegram.script.push('ok', gone);
    const [id] = await world.say(ann, 'preview');
    await world.say(ann, 'final', { editOf: id ?? null });
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['preview', 'final']);
  });
});
