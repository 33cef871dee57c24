import { describe, expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { Turn } from '#core/turn.ts';
import { anyTurn, entry } from '#test/contract/store/world.ts';
import { type OutboxWorld, createOutboxWorld } from '#test/outbox/world.ts';
import { until } from '#test/until.ts';

const ann = 'telegram:7';
const firstAfterMs = 1_500;
const editEveryMs = 1_000;
const lateDraftMs = 500;
const text = (words: number): string => Array.from({ length: words }, (_, i) => `word${i}`).join(' ');
const sealed = (): Promise<boolean> => Promise.resolve(true);
const noDrafts = (): Promise<never> =>
  Promise.reject(new TiroError('not-found', 'Telegram answered 404: method not found'));

describe('in a direct chat of a channel with drafts', () => {
  test('a running answer is a draft without a row, and the final text one message', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await drafted(world, turn, text(10));
    await world.clock.pass(editEveryMs - 1);
    world.preview.show(turn, 'faster than the channel edits: skipped', sealed);
    await world.clock.pass(1);
    await drafted(world, turn, text(20));
    expect(await world.rowsOf(turn.id)).toEqual([]);
    await world.endTurn(turn, text(30));
    await world.pump();
    expect(telegram.drafts.map(({ text: shown }) => shown)).toEqual([`${text(10)} …`, `${text(20)} …`]);
    expect(telegram.texts()).toEqual([text(30)]);
    expect(telegram.calls.map(({ delivery }) => delivery.body.kind)).toEqual(['message']);
  });

  test('all drafts of an answer have one id, after a crash too, and another answer has another', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await drafted(world, turn, text(10));
    const next = await world.restart();
    await next.store.turns.resume({ turn: turn.id, solo: false, at: world.clock.now() });
    next.preview.show({ ...turn, sealed: true }, text(20), sealed);
    await until('it is drafted again', () => telegram.drafts.length === 2);
    await world.endTurn(turn, 'final', next);
    await next.pump();
    expect(telegram.shown(ann)).toEqual(['final']);
    const other = await world.beginTurn('telegram:8');
    await world.clock.pass(firstAfterMs);
    next.preview.show(other, text(10), sealed);
    await until('the other one is drafted', () => telegram.drafts.length === 3);
    const [first, second, third] = telegram.drafts.map(({ id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect([first, third].every((id) => Number.isInteger(id) && Number(id) > 0)).toBe(true);
  });

  test('nothing is seen before the turn is sealed', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    const seal = Promise.withResolvers<boolean>();
    world.preview.show(turn, text(10), () => seal.promise);
    await world.clock.pass(editEveryMs);
    world.preview.show(turn, text(20), sealed);
    expect(telegram.drafts).toEqual([]);
    seal.resolve(true);
    await until('it is shown', () => telegram.drafts.length === 1);
    expect(telegram.drafts[0]?.text).toBe(`${text(10)} …`);
  });

  test('an answer that is made again because messages joined is not seen; sealed once, it is not sealed again', async () => {
    const { world, turn, telegram } = await began();
    const answers = [false, true];
    const seal = (): Promise<boolean> =>
      Promise.resolve(answers.shift() ?? Promise.reject(new Error('again')));
    for (let words = 10; words <= 40; words += 10) {
      await world.clock.pass(firstAfterMs);
      world.preview.show(turn, text(words), seal);
      await until('it is looked at', () => answers.length < 2);
      await until('it is seen', () => words === 10 || telegram.drafts.length === words / 10 - 1);
    }
    expect(telegram.drafts.map((draft) => draft.text)).toEqual([20, 30, 40].map((n) => `${text(n)} …`));
  });

  test('a text with a table is drafted as later edits could say it', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    await drafted(world, turn, `Here it is.\n\n| a | b |\n|---|---|\n| 1 | 2 |`);
    expect(telegram.drafts[0]?.dialect).toBe('telegram-html');
  });
});

describe('a draft is a courtesy', () => {
  test('one that fails is not seen, and the next one is tried', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.onDraft = () => Promise.reject(new TiroError('unavailable', '429'));
    await drafted(world, turn, text(10));
    telegram.onDraft = () => Promise.resolve();
    await world.clock.pass(editEveryMs);
    await drafted(world, turn, text(20));
    expect(await world.rowsOf(turn.id)).toEqual([]);
    await world.endTurn(turn, 'final');
    await world.pump();
    expect(telegram.texts()).toEqual(['final']);
  });

  test('while one is on its way no other is made, and the final text waits half a second for it at most', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    const late = Promise.withResolvers<void>();
    telegram.onDraft = () => late.promise;
    await drafted(world, turn, text(10));
    await world.clock.pass(editEveryMs);
    world.preview.show(turn, text(20), sealed);
    let isOver = false;
    const ending = world.endTurn(turn, 'final').then(() => (isOver = true));
    await world.clock.pass(lateDraftMs - 1);
    expect(isOver).toBe(false);
    await world.clock.pass(1);
    await ending;
    late.reject(new TiroError('not-found', 'too late to matter'));
    await world.pump();
    expect(telegram.drafts).toHaveLength(1);
    expect(telegram.texts()).toEqual(['final']);
    expect(await world.rowsOf(turn.id)).toHaveLength(1);
    expect(world.log.map(({ event }) => event)).toEqual(['delivery.draft-failed']);
  });

  test('a turn that was stopped shows nothing more', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    const seal = (): Promise<boolean> => Promise.reject(new Error('the turn has ended'));
    world.preview.show(turn, text(10), seal);
    expect(await world.preview.finish(turn)).toBeNull();
    expect(telegram.drafts).toEqual([]);
    expect(world.log.map(({ event }) => event)).toEqual(['delivery.preview-failed']);
  });
});

describe('where drafts do not serve', () => {
  test('a platform that refuses them gets previews, within the same turn and from then on', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.onDraft = noDrafts;
    world.preview.show(turn, text(10), sealed);
    await until('the preview is a row', async () => (await world.rowsOf(turn.id)).length === 1);
    await world.pump();
    await world.endTurn(turn, 'final');
    await world.clock.pass(editEveryMs);
    await world.pump();
    expect(telegram.calls.map(({ delivery }) => delivery.body.kind)).toEqual(['message', 'edit']);
    expect(telegram.shown(ann)).toEqual(['final']);
    const other = await world.beginTurn('telegram:8');
    await world.clock.pass(firstAfterMs);
    world.preview.show(other, text(10), sealed);
    await until('the preview is a row', async () => (await world.rowsOf(other.id)).length === 1);
    expect(telegram.drafts).toHaveLength(1);
  });

  test('the preview of a boot before is edited on', async () => {
    const { world, turn, telegram } = await began();
    await world.clock.pass(firstAfterMs);
    telegram.onDraft = noDrafts;
    world.preview.show(turn, text(10), sealed);
    await until('the preview is a row', async () => (await world.rowsOf(turn.id)).length === 1);
    await world.pump();
    const next = await world.restart();
    await next.store.turns.resume({ turn: turn.id, solo: false, at: world.clock.now() });
    telegram.onDraft = () => Promise.resolve();
    next.preview.show(turn, text(20), sealed);
    await until('the edit is a row', async () => (await world.rowsOf(turn.id)).length === 2);
    await world.endTurn(turn, 'final', next);
    await world.clock.pass(editEveryMs);
    await next.pump();
    expect(telegram.drafts).toHaveLength(1);
    expect(telegram.shown(ann)).toEqual(['final']);
  });

  test('a group gets previews', async () => {
    const world = await createOutboxWorld();
    const telegram = world.channel('telegram', { drafts: true, editEveryMs });
    const chat = 'telegram:-5';
    const entries = [entry(world.ids, { chat, direct: false })];
    await world.store.events.accept({ channel: 'telegram', entries, cursor: null, at: world.clock.now() });
    const claim = await world.store.turns.claim({
      ...anyTurn,
      turn: world.ids.turn(),
      now: world.clock.now(),
    });
    if (claim.type !== 'turn') throw new Error('There was nothing to claim.');
    await world.clock.pass(firstAfterMs);
    world.preview.show({ ...claim.turn, direct: false }, text(10), sealed);
    await until('the preview is a row', async () => (await world.rowsOf(claim.turn.id)).length === 1);
    expect(telegram.drafts).toEqual([]);
  });
});

async function began(): Promise<{
  readonly world: OutboxWorld;
  readonly turn: Turn;
  readonly telegram: ReturnType<OutboxWorld['channel']>;
}> {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram', { drafts: true, editEveryMs });
  return { world, telegram, turn: await world.beginTurn(ann) };
}

/** Shows a text and waits until the platform is asked for the draft. */
async function drafted(world: OutboxWorld, turn: Turn, words: string): Promise<void> {
  const telegram = world.channel('telegram');
  const before = telegram.drafts.length;
  world.preview.show(turn, words, sealed);
  await until('it is drafted', () => telegram.drafts.length === before + 1);
}
