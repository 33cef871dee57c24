import { describe, expect, test } from 'vitest';
import type { SendError } from '#core/delivery.ts';
import type { Turn } from '#core/turn.ts';
import { type OutboxWorld, type WorldOptions, createOutboxWorld } from '#test/outbox/world.ts';
import { until } from '#test/until.ts';

const ann = 'telegram:7';
const firstAfterMs = 1_500;
const editEveryMs = 1_000;
const laterMs = 400_000;
const sealed = (): Promise<boolean> => Promise.resolve(true);
const text = (words: number): string => Array.from({ length: words }, (_, i) => `word${i}`).join(' ');

describe('the text of a running turn', () => {
  test('a quick answer is sent in one piece', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs - 1);
    world.preview.show(turn, text(20), sealed);
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.texts()).toEqual(['final']);
  });

  test('a slow one is shown, edited and replaced by the final text', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    world.preview.show(turn, 'too short', sealed);
    await shown(world, turn, text(10));
    await world.pump();
    await world.clock.pass(editEveryMs);
    await shown(world, turn, text(20));
    await world.pump();
    await world.endTurn(turn, text(30));
    await world.pump();
    // Two edits of one message keep the distance that the channel asks for.
    await world.clock.pass(editEveryMs - 1);
    await world.pump();
    expect(telegram.calls).toHaveLength(2);
    await world.clock.pass(1);
    await world.pump();
    expect(telegram.texts()).toEqual([`${text(10)} …`, `${text(20)} …`, text(30)]);
    expect(telegram.calls.map(({ delivery }) => delivery.body.kind)).toEqual(['message', 'edit', 'edit']);
    expect(telegram.shown(ann)).toEqual([text(30)]);
  });

  test('a final text that is longer than a message goes on behind the preview', async () => {
    const { world, turn, telegram } = await began({ maxText: 120 });
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(60));
    await world.pump();
    await world.endTurn(turn, text(60));
    await world.say(ann, 'next');
    await world.pump();
    expect(telegram.shown(ann).slice(0, -1).join(' ')).toBe(text(60));
    expect(telegram.shown(ann).at(-1)).toBe('next');
  });

  test('at most one edit waits, with the newest text, and no two texts come faster than the channel edits', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.pump();
    for (let words = 20; words <= 50; words += 10) {
      await world.clock.pass(editEveryMs - 1);
      world.preview.show(turn, 'faster than the channel edits: skipped', sealed);
      await world.clock.pass(1);
      await shown(world, turn, text(words));
    }
    const rows = await world.rowsOf(turn.id);
    expect(rows.map(({ status, body }) => [status, body.kind])).toEqual([
      ['sent', 'message'],
      ['queued', 'edit'],
    ]);
    await world.pump();
    expect(telegram.shown(ann)).toEqual([`${text(50)} …`]);
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
  });

  test('a text that looks as before is not sent again', async () => {
    const { world, turn, telegram } = await began({ maxText: 120 });
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(40));
    await world.pump();
    for (let words = 50; words < 70; words += 10) {
      await world.clock.pass(editEveryMs);
      world.preview.show(turn, text(words), sealed);
      await world.preview.finish(turn);
      await world.pump();
    }
    expect(telegram.calls).toHaveLength(1);
  });

  test('a preview edit that waits is void when the final text comes', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.pump();
    await world.clock.pass(editEveryMs);
    await shown(world, turn, text(20));
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.texts()).toEqual([`${text(10)} …`, 'final']);
  });

  test('a preview that was never sent gives way to the final text as one message', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.texts()).toEqual(['final']);
  });

  test('a channel that cannot edit shows no preview', async () => {
    const { world, turn, telegram } = await began({ edits: false });
    await world.clock.pass(firstAfterMs);
    world.preview.show(turn, text(10), sealed);
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.texts()).toEqual(['final']);
  });
});

describe('when something breaks', () => {
  test('after a crash the preview of the last boot is edited on', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.pump();
    const next = await world.restart();
    const resumed = await next.store.turns.resume({ turn: turn.id, solo: false, at: world.clock.now() });
    expect(resumed).toMatchObject({ id: turn.id });
    await world.clock.pass(editEveryMs);
    next.preview.show(turn, text(20), sealed);
    await next.pump();
    await until('the edit is there', async () => (await world.rowsOf(turn.id)).length === 2);
    await next.pump();
    await world.endTurn(turn, 'final', next);
    await world.clock.pass(editEveryMs);
    await next.pump();
    expect(telegram.texts()).toEqual([`${text(10)} …`, `${text(20)} …`, 'final']);
    expect(telegram.shown(ann)).toEqual(['final']);
  });

  test('a crash while the preview was sent: its mark stays, up to the final text, within the limit', async () => {
    const { world, turn, telegram } = await began({ maxText: 120 });
    await world.clock.pass(firstAfterMs);
    telegram.dies = true;
    await shown(world, turn, text(60));
    await world.deliveries.tick();
    await until('the call is made', () => telegram.calls.length === 1);
    telegram.dies = false;
    const next = await world.restart();
    await next.store.turns.resume({ turn: turn.id, solo: false, at: world.clock.now() });
    await next.pump();
    await world.clock.pass(editEveryMs);
    next.preview.show(turn, `changed ${text(60)}`, sealed);
    await world.endTurn(turn, text(60), next);
    await world.clock.pass(editEveryMs);
    await next.pump();
    const marked = telegram.texts().slice(1, -5);
    expect(marked.every((words) => words.endsWith('\n(possibly repeated)'))).toBe(true);
    const [stale, first, ...rest] = telegram.shown(ann);
    expect(stale).not.toContain('(possibly repeated)');
    expect(first).toMatch(/^word0.*\n\(possibly repeated\)$/s);
    expect(rest.join(' ')).not.toContain('(possibly repeated)');
    expect(Math.max(...telegram.texts().map((words) => words.length))).toBeLessThanOrEqual(120);
  });

  test('a lost answer to a preview marks it and the final text', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.script.push('lost');
    await shown(world, turn, text(10));
    await world.pump();
    await world.endTurn(turn, 'final');
    await world.clock.pass(laterMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual([`${text(10)} …`, 'final\n(possibly repeated)']);
  });

  test('a preview whose format is refused goes on in the next dialect, in one message', async () => {
    const { world, turn, telegram } = await began({ dialects: ['plain', 'telegram-html'], maxText: 100 });
    await world.clock.pass(firstAfterMs);
    telegram.script.push(badFormat);
    await shown(world, turn, '& '.repeat(35).trim());
    await world.pump();
    expect(telegram.calls).toHaveLength(2);
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
  });

  test('and still at most one edit waits', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.script.push(badFormat);
    await shown(world, turn, text(10));
    telegram.onCall = async () => {
      telegram.onCall = () => Promise.resolve();
      await world.clock.pass(editEveryMs);
      await shown(world, turn, text(20));
    };
    await world.deliveries.tick();
    await until('it is replaced', async () => (await world.rowsOf(turn.id)).length === 3);
    await world.clock.pass(editEveryMs);
    await shown(world, turn, text(30));
    await world.pump();
    expect(telegram.texts()).toEqual([`${text(10)} …`, `${text(10)} …`, `${text(30)} …`]);
  });

  test('a preview edit whose format is refused makes no further messages', async () => {
    const { world, turn, telegram } = await began({ dialects: ['plain', 'telegram-html'], maxText: 100 });
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.pump();
    await world.clock.pass(editEveryMs);
    telegram.script.push(badFormat);
    await shown(world, turn, '& '.repeat(35).trim());
    await world.pump();
    await world.clock.pass(editEveryMs);
    await world.pump();
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
  });

  test('a preview edit that is refused is no dead letter: a redrive of it would undo the final text', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await shown(world, turn, text(10));
    await world.pump();
    await world.clock.pass(editEveryMs);
    telegram.script.push({ type: 'permanent', reason: 'refused' });
    await shown(world, turn, text(20));
    await world.pump();
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
    expect(await world.store.outbox.countByStatus()).toMatchObject({ dead: 0 });
  });

  test('a preview that is refused is no dead letter, and the final text is a message', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.script.push({ type: 'permanent', reason: 'refused' });
    await shown(world, turn, text(10));
    await world.pump();
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
    expect(await world.store.outbox.countByStatus()).toMatchObject({ dead: 0 });
  });

  test('a preview that cannot be stored is harmless', async () => {
    const { world, turn, telegram } = await began(
      {},
      {
        outbox: (verbs) => ({ ...verbs, preview: () => Promise.reject(new Error('disk full')) }),
      },
    );
    await world.clock.pass(firstAfterMs);
    world.preview.show(turn, text(10), sealed);
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.texts()).toEqual(['final']);
    expect(world.log.map(({ event }) => event)).toEqual(['delivery.preview-failed']);
  });

  test('a preview that cannot be rendered is harmless', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    Object.assign(telegram, { abilities: { ...telegram.abilities, dialects: ['no such dialect'] } });
    world.preview.show(turn, text(10), sealed);
    expect(await world.preview.finish(turn)).toBeNull();
    expect(world.log.map(({ event }) => event)).toEqual(['delivery.preview-failed']);
  });

  test('a turn that was stopped shows nothing more', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await world.store.turns.stop({
      conversation: turn.conversation,
      by: 'ann',
      upTo: null,
      at: world.clock.now(),
    });
    world.preview.show(turn, text(10), sealed);
    expect(await world.preview.finish(turn)).toBeNull();
    await world.pump();
    expect(telegram.calls).toEqual([]);
  });
});

const badFormat: SendError = { type: 'format-refused', reason: "can't parse" };

async function began(
  abilities: Parameters<OutboxWorld['channel']>[1] = {},
  options: WorldOptions = {},
): Promise<{
  readonly world: OutboxWorld;
  readonly turn: Turn;
  readonly telegram: ReturnType<OutboxWorld['channel']>;
}> {
  const world = await createOutboxWorld(options);
  const telegram = world.channel('telegram', { editEveryMs, ...abilities });
  return { world, telegram, turn: await world.beginTurn(ann) };
}

/** Shows a text and waits until it is in a row; of one that is too long its beginning. */
async function shown(world: OutboxWorld, turn: Turn, words: string): Promise<void> {
  world.preview.show(turn, words, sealed);
  await until('the preview is a row', async () =>
    (await world.rowsOf(turn.id)).some(({ body }) => 'markdown' in body && isOf(body.markdown, words)),
  );
}

function isOf(markdown: string, words: string): boolean {
  return markdown.endsWith('…')
    ? markdown === `${words.trimEnd()} …`
    : words.startsWith(markdown.slice(0, 40));
}
