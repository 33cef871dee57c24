import { describe, expect, test } from 'vitest';
import type { Delivery, DeliveryStatus, NewDelivery } from '#core/delivery.ts';
import type { StorePort } from '#core/store/store.ts';
import { type StoreContract, type World, ann, bob, claimed, createWorld, edit, message } from './world.ts';

type Settlement = Parameters<StorePort['outbox']['settle']>[0]['outcome'];

const everything = { now: 50_000, limit: 50, pausedChannels: [], pausedChats: [] } as const;
const retry = {
  status: 'queued',
  dueAt: 60_000,
  countAttempt: true,
  repeated: false,
  reason: 'down',
} as const;

/** What goes out: order per chat, keys, retries, replacements, previews and their edits. */
export function testOutbox(contract: StoreContract): void {
  describe('outbox', () => {
    test('a chat has one call at a time, in order; chats do not wait for each other', async () => {
      const world = await createWorld(contract);
      const [a, b, c] = [
        message(world.ids, 'a'),
        message(world.ids, 'b'),
        message(world.ids, 'c', { chat: bob }),
      ];
      await put(world, [a, b, c]);
      expect(world.notes.at(-1)).toMatchObject({ wake: ['outbox'] });
      const first = await world.store.outbox.claim(everything);
      expect(first).toMatchObject([
        { id: a.id, status: 'sending', attempts: 0, createdAt: 3_000, dueAt: 3_000 },
        { id: c.id, status: 'sending' },
      ]);
      expect(await world.store.outbox.claim(everything)).toEqual([]);
      await settle(world, a, { status: 'sent', platformId: 'm1' });
      expect(await world.store.outbox.get(a.id)).toMatchObject({
        status: 'sent',
        platformId: 'm1',
        sentAt: 40_000,
      });
      expect(world.notes.at(-1)).toMatchObject({ wake: ['outbox'] });
      expect(await world.store.outbox.claim(everything)).toMatchObject([{ id: b.id }]);
    });

    test('a key is stored once', async () => {
      const world = await createWorld(contract);
      const one = message(world.ids, 'one', { key: 'k' });
      await put(world, [one]);
      await put(world, [message(world.ids, 'two', { key: 'k' })]);
      expect(await world.store.outbox.list({ status: null, limit: 9 })).toMatchObject([{ id: one.id }]);
      expect(await world.store.outbox.countByStatus()).toMatchObject({ queued: 1 });
    });

    test('a retry waits until it is due and keeps its chat waiting; a rate limit is no attempt', async () => {
      const world = await createWorld(contract);
      const [a, b] = [message(world.ids, 'a'), message(world.ids, 'b')];
      await put(world, [a, b]);
      await world.store.outbox.claim(everything);
      await settle(world, a, retry);
      expect(await world.store.outbox.claim(everything)).toEqual([]);
      expect(await world.store.outbox.nextDueAt(50_000)).toBe(60_000);
      expect(await world.store.outbox.nextDueAt(60_000)).toBeNull();
      expect(await world.store.outbox.claim({ ...everything, now: 60_000 })).toMatchObject([
        { id: a.id, attempts: 1 },
      ]);
      await settle(world, a, { ...retry, countAttempt: false, repeated: true });
      const [again] = await world.store.outbox.claim({ ...everything, now: 60_000 });
      expect(again).toMatchObject({ id: a.id, attempts: 1, repeated: true });
      await settle(world, a, { status: 'dead', reason: 'blocked' });
      expect(await world.store.outbox.claim(everything)).toMatchObject([{ id: b.id }]);
    });

    test('the wall clock went back: rows of the future and waits that nobody asked for are due', async () => {
      const world = await createWorld(contract);
      const [a, b] = [message(world.ids, 'a'), message(world.ids, 'b', { chat: bob })];
      await put(world, [a, b]);
      expect(
        await world.store.outbox.claim({ ...everything, now: 3_000 - 7 * 60_000, limit: 1 }),
      ).toMatchObject([{ id: a.id }]);
      expect(await world.store.outbox.claim({ ...everything, now: 3_000 - 7 * 60_000 })).toMatchObject([
        { id: b.id },
      ]);
      const longest = 2 * 3_600_000;
      await settle(world, a, { ...retry, dueAt: 50_000 + longest });
      expect(await world.store.outbox.claim(everything)).toEqual([]);
      expect(await world.store.outbox.claim({ ...everything, now: 49_999 })).toMatchObject([{ id: a.id }]);
    });

    test('paused channels and chats are left out, and a claim takes at most its limit', async () => {
      const world = await createWorld(contract);
      const chats = ['telegram:1', 'telegram:2', 'telegram:3', 'discord:1'] as const;
      await put(
        world,
        chats.map((chat) => message(world.ids, chat, { chat })),
      );
      const claim = async (changes: object): Promise<readonly string[]> =>
        (await world.store.outbox.claim({ ...everything, ...changes })).map((row) => row.chat);
      expect(await claim({ pausedChannels: ['telegram', 'discord'] })).toEqual([]);
      expect(await claim({ pausedChannels: ['telegram'] })).toEqual(['discord:1']);
      expect(await claim({ pausedChats: ['telegram:1'], limit: 1 })).toEqual(['telegram:2']);
      expect(await claim({ now: 2_999 })).toEqual([]);
      expect(await claim({})).toEqual(['telegram:1', 'telegram:3']);
    });

    test('rows that an earlier gateway was sending are found; their chat waits until they are settled', async () => {
      const world = await createWorld(contract);
      const [a, b] = [message(world.ids, 'a'), message(world.ids, 'b')];
      await put(world, [a, b]);
      await world.store.outbox.claim(everything);
      expect(await world.store.outbox.interrupted()).toEqual([]);
      const { outbox } = await world.takeOver();
      expect(await outbox.interrupted()).toMatchObject([{ id: a.id, status: 'sending' }]);
      expect(await outbox.claim(everything)).toEqual([]);
      await outbox.settle({
        id: a.id,
        at: 1,
        outcome: { ...retry, dueAt: 1, repeated: true },
        replacements: [],
      });
      expect(await outbox.interrupted()).toEqual([]);
      expect(await outbox.claim(everything)).toMatchObject([{ id: a.id, repeated: true }]);
    });

    test('replacements stand where the replaced row stood', async () => {
      const world = await createWorld(contract);
      const [a, b] = [message(world.ids, 'a'), message(world.ids, 'b')];
      const [plain, more] = [message(world.ids, 'plain'), message(world.ids, 'more')];
      await put(world, [a, b]);
      await world.store.outbox.claim(everything);
      await replace(world, a, [plain, more]);
      expect(await world.store.outbox.get(a.id)).toMatchObject({ status: 'cancelled' });
      const turn = (await world.store.outbox.get(a.id))?.turn;
      expect(await world.store.outbox.get(plain.id)).toMatchObject({ turn, status: 'queued' });
      expect(await sendAll(world)).toEqual(['plain', 'more', 'b']);
    });

    test('settling twice changes nothing', async () => {
      const world = await createWorld(contract);
      const a = message(world.ids, 'a');
      await put(world, [a]);
      await settle(world, a, { status: 'sent', platformId: 'early' });
      expect(await world.store.outbox.get(a.id)).toMatchObject({ status: 'queued' });
      await world.store.outbox.claim(everything);
      await settle(world, a, { status: 'sent', platformId: 'm1' });
      await replace(world, a, [message(world.ids, 'ghost')]);
      expect(await world.store.outbox.get(a.id)).toMatchObject({ status: 'sent', platformId: 'm1' });
      expect(await world.store.outbox.countByStatus()).toMatchObject({ queued: 0, sent: 1 });
    });

    test('a dead row can be redriven, behind what waits', async () => {
      const world = await createWorld(contract);
      const [a, b] = [message(world.ids, 'a'), message(world.ids, 'b')];
      await put(world, [a, b]);
      expect(await world.store.outbox.redrive({ id: a.id, at: 1 })).toBe(false);
      await world.store.outbox.claim(everything);
      await settle(world, a, { status: 'dead', reason: 'gone' });
      expect(await world.store.outbox.list({ status: 'dead', limit: 9 })).toMatchObject([{ reason: 'gone' }]);
      expect(await world.store.outbox.redrive({ id: a.id, at: 1 })).toBe(true);
      expect(await world.store.outbox.redrive({ id: a.id, at: 1 })).toBe(false);
      expect(await world.store.outbox.get(a.id)).toMatchObject({
        status: 'queued',
        attempts: 0,
        reason: null,
      });
      expect(await sendAll(world)).toEqual(['b', 'a']);
      expect(await world.store.outbox.redrive({ id: 'dlv_unknown', at: 1 })).toBe(false);
    });
  });

  describe('edits and previews', () => {
    test('an edit learns the id of what it edits, and keeps its mark', async () => {
      const world = await createWorld(contract);
      const a = message(world.ids, 'a');
      await put(world, [a, edit(world.ids, { target: a.id, text: 'b' })]);
      await world.store.outbox.claim(everything);
      await settle(world, a, { ...retry, dueAt: 1, repeated: true });
      await world.store.outbox.claim(everything);
      await settle(world, a, { status: 'sent', platformId: 'm1' });
      const [row] = await world.store.outbox.claim(everything);
      expect(row).toMatchObject({
        body: { kind: 'edit', target: a.id },
        targetPlatformId: 'm1',
        repeated: true,
      });
    });

    test('edits follow the replacement of what they edit; without one they have no target', async () => {
      const world = await createWorld(contract);
      const [a, plain] = [message(world.ids, 'a'), message(world.ids, 'plain')];
      const gone = message(world.ids, 'gone', { chat: bob });
      await put(world, [
        a,
        edit(world.ids, { target: a.id, text: 'b' }),
        gone,
        edit(world.ids, { target: gone.id, text: 'c' }, { chat: bob }),
      ]);
      await world.store.outbox.claim(everything);
      await replace(world, a, [plain]);
      await settle(world, gone, { status: 'dead', reason: 'blocked' });
      const next = await world.store.outbox.claim(everything);
      expect(next).toMatchObject([{ body: { text: 'c' }, targetPlatformId: null }, { id: plain.id }]);
      await settle(world, plain, { status: 'sent', platformId: 'm2' });
      expect(await world.store.outbox.claim(everything)).toMatchObject([
        { body: { text: 'b' }, targetPlatformId: 'm2' },
      ]);
    });

    test('an edit that became a message itself is what later edits edit', async () => {
      const world = await createWorld(contract);
      const gone = message(world.ids, 'gone');
      const first = edit(world.ids, { target: gone.id, text: 'first' });
      await put(world, [gone, first, edit(world.ids, { target: gone.id, text: 'second' })]);
      await world.store.outbox.claim(everything);
      await settle(world, gone, { status: 'dead', reason: 'refused' });
      await world.store.outbox.claim(everything);
      const instead = message(world.ids, 'first');
      await replace(world, first, [instead]);
      await world.store.outbox.claim(everything);
      await settle(world, instead, { status: 'sent', platformId: 'm3' });
      expect(await world.store.outbox.claim(everything)).toMatchObject([
        { body: { text: 'second' }, targetPlatformId: 'm3' },
      ]);
    });

    test('so is an edit that itself went out as a message', async () => {
      const world = await createWorld(contract);
      const gone = message(world.ids, 'gone');
      const first = edit(world.ids, { target: gone.id, text: 'first' });
      await put(world, [gone, first, edit(world.ids, { target: gone.id, text: 'second' })]);
      await world.store.outbox.claim(everything);
      await settle(world, gone, { status: 'dead', reason: 'refused' });
      expect(await world.store.outbox.claim(everything)).toMatchObject([
        { id: first.id, targetPlatformId: null },
      ]);
      await settle(world, first, { status: 'sent', platformId: 'm4' });
      expect(await world.store.outbox.claim(everything)).toMatchObject([
        { body: { text: 'second' }, targetPlatformId: 'm4' },
      ]);
    });

    test('a preview seals its turn; later texts become the one edit that waits', async () => {
      const world = await createWorld(contract);
      const { outbox, turns } = world.store;
      const { turn, preview } = await previewed(world);
      expect(await turns.get(turn.id)).toMatchObject({ sealed: true });
      expect(await outbox.previewOf(turn.id)).toMatchObject({ id: preview.id, preview: true, turn: turn.id });
      expect(await show(world, turn.id, 'one two')).toBe(preview.id);
      expect(await show(world, turn.id, 'one two three')).toBe(preview.id);
      expect(await sendAll(world)).toEqual(['one', 'one two three']);
      expect(await show(world, turn.id, 'one two three four')).toBe(preview.id);
      expect(await sendAll(world)).toEqual(['one two three four']);
      await world.end(turn);
      await expect(show(world, turn.id, 'late')).rejects.toMatchObject({ code: 'fenced' });
    });

    test('the final text of a shown preview is an edit of it, and preview edits that wait are void', async () => {
      const world = await createWorld(contract);
      const { outbox } = world.store;
      const { turn, preview } = await previewed(world);
      await sendAll(world);
      await show(world, turn.id, 'one two');
      await world.append(turn, {
        deliveries: [edit(world.ids, { target: preview.id, text: 'final' }), message(world.ids, 'rest')],
      });
      expect(await outbox.previewOf(turn.id)).toBeNull();
      expect(await sendAll(world)).toEqual(['final', 'rest']);
      expect(await statuses(world, turn.id)).toEqual(['sent', 'cancelled', 'sent', 'sent']);
    });

    test('a preview that was never sent gives way to the final text as a message', async () => {
      const world = await createWorld(contract);
      const { turn, preview } = await previewed(world);
      await show(world, turn.id, 'one two');
      const final = edit(world.ids, { target: preview.id, text: 'final' });
      await world.append(turn, { deliveries: [final] });
      expect(await world.store.outbox.get(preview.id)).toMatchObject({ status: 'cancelled' });
      expect(await world.store.outbox.get(final.id)).toMatchObject({
        body: { kind: 'message', text: 'final' },
      });
      expect(await sendAll(world)).toEqual(['final']);
      await world.append(turn, { deliveries: [final] });
      expect(await sendAll(world)).toEqual([]);
    });

    test('a preview that may have been shown is edited, not replaced', async () => {
      const world = await createWorld(contract);
      const { turn, preview } = await previewed(world);
      await world.store.outbox.claim(everything);
      await settle(world, preview, { ...retry, dueAt: 1, repeated: true });
      await world.append(turn, { deliveries: [edit(world.ids, { target: preview.id, text: 'final' })] });
      expect(await sendAll(world)).toEqual(['one (possibly repeated)', 'final (possibly repeated)']);
    });

    test('a preview edit that failed gives way to a newer text', async () => {
      const world = await createWorld(contract);
      const { turn } = await previewed(world);
      await sendAll(world);
      await show(world, turn.id, 'older');
      const [older] = await world.store.outbox.claim(everything);
      await show(world, turn.id, 'newer');
      if (older !== undefined) await settle(world, older, { ...retry, dueAt: 1 });
      expect(await sendAll(world)).toEqual(['newer']);
    });

    test('a preview that was replaced goes on in its replacement', async () => {
      const world = await createWorld(contract);
      const { turn, preview } = await previewed(world);
      const plain = message(world.ids, 'plain');
      await world.store.outbox.claim(everything);
      await replace(world, preview, [plain]);
      expect(await world.store.outbox.previewOf(turn.id)).toMatchObject({ id: plain.id });
      await sendAll(world);
      await world.append(turn, { deliveries: [edit(world.ids, { target: preview.id, text: 'final' })] });
      const [final] = await world.store.outbox.claim(everything);
      expect(final).toMatchObject({ body: { text: 'final' }, targetPlatformId: `m-${plain.id}` });
      expect(await world.store.outbox.previewOf(turn.id)).toBeNull();
    });

    test('a preview that died is no preview any more', async () => {
      const world = await createWorld(contract);
      const { turn, preview } = await previewed(world);
      await world.store.outbox.claim(everything);
      await settle(world, preview, { status: 'dead', reason: 'blocked' });
      expect(await world.store.outbox.previewOf(turn.id)).toBeNull();
      expect(await show(world, turn.id, 'one two')).toBe(preview.id);
      expect(await sendAll(world)).toEqual([]);
    });
  });
}

async function put(world: World, deliveries: readonly NewDelivery[]): Promise<void> {
  const turn = (await world.store.turns.list({ status: 'running', conversation: null, limit: 1 }))[0];
  if (turn === undefined) await world.say({ chat: ann });
  await world.append(turn ?? (await claimed(world)), { deliveries });
}

type Id = { readonly id: Delivery['id'] };

async function settle(world: World, { id }: Id, outcome: Settlement): Promise<void> {
  await world.store.outbox.settle({ id, at: 40_000, outcome, replacements: [] });
}

/** The platform refuses the format of a row, or its target is gone: others go out instead of it. */
async function replace(world: World, { id }: Id, replacements: readonly NewDelivery[]): Promise<void> {
  const outcome = { status: 'cancelled', reason: 'format refused' } as const;
  await world.store.outbox.settle({ id, at: 40_000, outcome, replacements });
}

/** Sends everything that can be sent, as a platform that accepts all; returns what it was shown. */
async function sendAll(world: World): Promise<readonly string[]> {
  const shown: string[] = [];
  for (let rows = await claim(world); rows.length > 0; rows = await claim(world)) {
    for (const row of rows) {
      const text = 'text' in row.body ? row.body.text : row.body.kind;
      shown.push(row.repeated ? `${text} (possibly repeated)` : text);
      await settle(world, row, { status: 'sent', platformId: `m-${row.id}` });
    }
  }
  return shown;
}

function claim(world: World): Promise<readonly Delivery[]> {
  return world.store.outbox.claim(everything);
}

async function previewed(
  world: World,
): Promise<{ turn: Awaited<ReturnType<typeof claimed>>; preview: NewDelivery }> {
  await world.say({});
  const turn = await claimed(world);
  const preview = message(world.ids, 'one', { key: `preview-${turn.id}`, preview: true });
  const { outbox } = world.store;
  await outbox.preview({
    turn: turn.id,
    first: preview,
    edit: edit(world.ids, { target: preview.id, text: 'one' }),
    at: 3_000,
  });
  return { turn, preview };
}

/** A later text of the turn's preview, as a caller that does not know whether there is one yet. */
function show(world: World, turn: `trn_${string}`, text: string): Promise<string> {
  const first = message(world.ids, text, { key: `preview-${turn}`, preview: true });
  const later = edit(world.ids, { target: first.id, text }, { preview: true });
  return world.store.outbox.preview({ turn, first, edit: later, at: 3_100 });
}

async function statuses(world: World, turn: `trn_${string}`): Promise<readonly DeliveryStatus[]> {
  return (await world.store.outbox.ofTurn(turn)).map((row) => row.status);
}
