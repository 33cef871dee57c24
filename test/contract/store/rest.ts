import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NewSpend } from '#core/spend.ts';
import {
  type StoreContract,
  type World,
  bob,
  claimed,
  conversationOf,
  createWorld,
  message,
  textsOf,
} from './world.ts';

/** Steps, conversations, people, money, state, and what holds for every verb. */
export function testRest(contract: StoreContract): void {
  describe('steps and conversations', () => {
    test('what is said outside a turn happens once', async () => {
      const world = await createWorld(contract);
      const { conversations, steps, outbox } = world.store;
      const words = { kind: 'said', text: 'hello there' } as const;
      const said = {
        key: 'effect-1',
        chat: bob,
        conversation: null,
        newConversation: world.ids.conversation(),
        person: 'p8',
        body: words,
        deliveries: [message(world.ids, 'hello there', { chat: bob })],
        at: 4_000,
      };
      const first = await conversations.say(said);
      expect(first).toEqual({ conversation: said.newConversation, fresh: true });
      const again = {
        ...said,
        newConversation: world.ids.conversation(),
        deliveries: [message(world.ids, 'x')],
      };
      expect(await conversations.say(again)).toEqual({ ...first, fresh: false });
      expect(textsOf(await steps.ofConversation(first.conversation))).toEqual(['hello there']);
      expect(await outbox.countByStatus()).toMatchObject({ queued: 1 });
      expect(await conversations.openOf(bob)).toMatchObject({
        id: first.conversation,
        person: 'p8',
        lastAt: 4_000,
      });
      expect(world.notes.find((note) => note.steps.length > 0)).toMatchObject({
        steps: [{ turn: null, body: words }],
      });
      const { conversation } = await world.say({ chat: bob, text: 'what?' });
      expect(conversation).toBe(first.conversation);
      expect(await conversations.get(first.conversation)).toMatchObject({ title: 'what?' });
    });

    test('the latest steps are read as far back as wanted, and the whole of a turn in any case', async () => {
      const world = await createWorld(contract);
      const { steps } = world.store;
      const texts = Array.from({ length: 600 }, (_, n) => `message ${n}`);
      await Promise.all(texts.map((text) => world.say({ text })));
      const turn = await claimed(world, { maxEvents: 600, maxChars: 100_000 });
      const { conversation } = turn;
      const latest = (chars: number, of: typeof turn.id | null) =>
        steps.latest({ conversation, chars, turn: of });
      const all = await steps.ofConversation(conversation);
      expect(await latest(1_000_000_000, null)).toEqual({ steps: all, complete: true });
      expect(await latest(1, turn.id)).toEqual({ steps: all, complete: true });
      expect(await latest(1, null)).toEqual({ steps: all.slice(-1), complete: false });
      const some = await latest(60_000, null);
      expect(some.complete).toBe(false);
      expect(some.steps.length).toBeGreaterThan(256);
      expect(some.steps).toEqual(all.slice(-some.steps.length));
      const sizes = some.steps.map(({ body }) => JSON.stringify(body).length);
      const sum = sizes.reduce((total, size) => total + size, 0);
      expect(sum).toBeGreaterThanOrEqual(60_000);
      expect(sum - (sizes[0] ?? 0)).toBeLessThan(60_000);
    });

    test('steps are read by conversation, by turn, from a place on, and one by one', async () => {
      const world = await createWorld(contract);
      const { steps } = world.store;
      expect(await steps.lastSeq()).toBe(0);
      const conversation = conversationOf(await world.say({ text: 'a' }));
      await world.say({ chat: bob, text: 'b' });
      const first = await world.claim();
      const second = await world.claim();
      if (first === null || second === null) throw new Error('Two turns were expected.');
      await world.end(first);
      expect(textsOf(await steps.since({ seq: 0, conversation: null, limit: 9 }))).toEqual([
        'a',
        'b',
        'done',
      ]);
      expect(textsOf(await steps.since({ seq: 0, conversation: null, limit: 2 }))).toEqual(['a', 'b']);
      const [a] = await steps.ofTurn(first.id);
      const after = { seq: a?.seq ?? 0, limit: 9 };
      expect(textsOf(await steps.since({ ...after, conversation: null }))).toEqual(['b', 'done']);
      expect(textsOf(await steps.since({ ...after, conversation }))).toEqual(['done']);
      expect(textsOf(await steps.ofConversation(conversation))).toEqual(['a', 'done']);
      expect(await steps.get(a?.seq ?? 0)).toEqual(a);
      expect(await steps.get(9_999)).toBeNull();
      expect(await steps.lastSeq()).toBe((await steps.ofTurn(first.id)).at(-1)?.seq);
    });

    test('conversations are listed latest first, and keep their model and queue mode', async () => {
      const world = await createWorld(contract);
      const { conversations } = world.store;
      const one = conversationOf(await world.say({}, 1_000));
      const two = conversationOf(await world.say({ chat: bob }, 2_000));
      const ids = async (person: string | null): Promise<readonly string[]> =>
        (await conversations.list({ person, limit: 9 })).map((conversation) => conversation.id);
      expect(await ids(null)).toEqual([two, one]);
      expect(await ids('p7')).toEqual([one]);
      await conversations.setModel({ conversation: one, model: 'x/y' });
      await conversations.setQueueMode({ conversation: one, mode: 'steer' });
      expect(await conversations.get(one)).toMatchObject({ model: 'x/y', queueMode: 'steer' });
      await conversations.setModel({ conversation: one, model: null });
      expect(await conversations.get(one)).toMatchObject({ model: null });
      const unknown = conversations.setModel({ conversation: 'cnv_none', model: null });
      await expect(unknown).rejects.toMatchObject({ code: 'not-found' });
      expect(await conversations.get('cnv_none')).toBeNull();
    });
  });

  describe('spend', () => {
    const limits = [{ scope: 'person-day', limitUsd: 1, since: 0 }] as const;

    test('of reservations at once no more are granted than the limit holds', async () => {
      const world = await createWorld(contract);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () =>
          world.store.spend.reserve({ spend: spendOf(world, 0.3), limits, at: 100 }),
        ),
      );
      expect(answers.filter((answer) => answer.ok)).toHaveLength(3);
      const refused = answers.find((answer) => !answer.ok);
      expect(refused).toMatchObject({ scope: 'person-day', limitUsd: 1 });
      expect(refused?.ok === false ? refused.usedUsd : 0).toBeCloseTo(0.9);
    });

    test('a settled call counts by its cost, a free one never, and an old one not at all', async () => {
      const world = await createWorld(contract);
      const { spend } = world.store;
      const first = spendOf(world, 0.9);
      expect(await spend.reserve({ spend: first, limits, at: 100 })).toEqual({ ok: true });
      expect(await spend.reserve({ spend: first, limits, at: 100 })).toEqual({ ok: true });
      const next = { spend: spendOf(world, 0.5), limits, at: 200 };
      expect(await spend.reserve(next)).toMatchObject({ ok: false });
      expect(await spend.reserve({ ...next, limits: [{ ...limits[0], since: 150 }] })).toEqual({ ok: true });
      const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 2 };
      await spend.settle({ id: first.id, model: 'm2', costUsd: 0.25, usage, at: 300 });
      await spend.settle({ id: first.id, model: 'm3', costUsd: 9, usage: null, at: 400 });
      expect(await spend.reserve({ spend: spendOf(world, 0.25), limits, at: 500 })).toEqual({ ok: true });
      expect(await spend.reserve({ spend: spendOf(world, 0.01), limits, at: 500 })).toMatchObject({
        ok: false,
      });
      expect(await spend.reserve({ spend: spendOf(world, 0), limits, at: 500 })).toEqual({ ok: true });
      expect(await spend.byDay({ since: 0, person: 'p7' })).toMatchObject([
        { day: '1970-01-01', model: 'm', calls: 3, unpricedCalls: 0 },
        { model: 'm2', calls: 1, costUsd: 0.25, promptTokens: 10, cachedTokens: 4, completionTokens: 2 },
      ]);
      expect(await spend.byDay({ since: 0, person: 'nobody' })).toEqual([]);
    });

    test('a limit of a turn counts that turn only', async () => {
      const world = await createWorld(contract);
      const { spend } = world.store;
      const turnLimit = [{ scope: 'turn', limitUsd: 0.5, since: 0 }] as const;
      const of = (turn: 'trn_a' | 'trn_b'): NewSpend => ({ ...spendOf(world, 0.4), turn });
      expect(await spend.reserve({ spend: of('trn_a'), limits: turnLimit, at: 1 })).toEqual({ ok: true });
      expect(await spend.reserve({ spend: of('trn_a'), limits: turnLimit, at: 1 })).toMatchObject({
        scope: 'turn',
      });
      expect(await spend.reserve({ spend: of('trn_b'), limits: turnLimit, at: 1 })).toEqual({ ok: true });
    });

    test('what a gone gateway had reserved counts as spent', async () => {
      const world = await createWorld(contract);
      const cut = spendOf(world, 0.4);
      await world.store.spend.reserve({ spend: { ...cut, turn: 'trn_a' }, limits, at: 1 });
      expect(await world.store.spend.settleOrphans(2)).toBe(0);
      const { spend } = await world.takeOver();
      expect(await spend.settleOrphans(5)).toBe(1);
      expect(await spend.settleOrphans(6)).toBe(0);
      expect(await spend.ofTurn('trn_a')).toEqual([
        { id: cut.id, model: 'm', costUsd: 0.4, reservedUsd: 0.4, usage: null, at: 1, settledAt: 5 },
      ]);
    });
  });

  describe('every verb', () => {
    test('state is kept by scope and key until it is deleted', async () => {
      const { state } = (await createWorld(contract)).store;
      await state.set({ scope: 'a', key: 'k', value: '1' });
      await state.set({ scope: 'a', key: 'k', value: '2' });
      await state.set({ scope: 'b', key: 'k', value: '3' });
      expect(await state.get({ scope: 'a', key: 'k' })).toBe('2');
      await state.set({ scope: 'a', key: 'k', value: null });
      expect(await state.get({ scope: 'a', key: 'k' })).toBeNull();
      expect(await state.get({ scope: 'b', key: 'k' })).toBe('3');
    });

    test('several keys change in one commit, and are listed by how they begin', async () => {
      const world = await createWorld(contract);
      const { state } = world.store;
      await state.set({ scope: 'b', key: 'p:1', value: 'other' });
      await state.set({ scope: 'a', key: 'p:3', value: 'old' });
      const notes = world.notes.length;
      await state.setAll({
        scope: 'a',
        entries: { 'p:2': '2', 'p:1': '1', 'q:1': 'x', 'p:3': null, 'P:1': 'x' },
      });
      expect(world.notes.length - notes).toBe(1);
      const listed = await state.list({ scope: 'a', prefix: 'p:' });
      expect(Object.entries(listed)).toEqual([
        ['p:1', '1'],
        ['p:2', '2'],
      ]);
      expect(Object.keys(await state.list({ scope: 'a', prefix: '' }))).toEqual(['P:1', 'p:1', 'p:2', 'q:1']);
    });

    test('writes that wait together share a commit, and its note comes before their answers', async () => {
      const world = await createWorld(contract);
      const order: string[] = [];
      const stop = world.store.onCommit(() => order.push('note'));
      const writes = Array.from({ length: 200 }, (_, n) =>
        world.store.state.set({ scope: 's', key: `${n}`, value: 'x' }).then(() => order.push('answer')),
      );
      await Promise.all(writes);
      const commits = order.filter((what) => what === 'note').length;
      expect(order[0]).toBe('note');
      expect(commits).toBeGreaterThan(0);
      expect(commits * 5).toBeLessThanOrEqual(200);
      stop();
      await world.store.state.set({ scope: 's', key: 'last', value: 'x' });
      expect(order.filter((what) => what === 'note')).toHaveLength(commits);
    });

    test('a listener that throws harms nobody else', async () => {
      const world = await createWorld(contract);
      world.store.onCommit(() => {
        throw new Error('a defect of a listener');
      });
      let heard = 0;
      world.store.onCommit(() => (heard += 1));
      await world.store.state.set({ scope: 's', key: 'k', value: 'x' });
      expect(heard).toBe(1);
      expect(world.fatal).toEqual([]);
    });

    test('a copy of the live store is whole while writes go on', async () => {
      const world = await createWorld(contract);
      const folder = mkdtempSync(join(tmpdir(), 'tiro-backup-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const path = join(folder, 'copies', 'copy');
      await Promise.all([world.say({}), world.store.backup(path), world.say({ chat: bob })]);
      expect(existsSync(path)).toBe(true);
    });

    test('after close everything is refused, and close may be called again', async () => {
      const { store } = await createWorld(contract);
      const before = store.state.set({ scope: 's', key: 'k', value: 'x' });
      const closed = store.close();
      await before;
      await closed;
      await store.close();
      await expect(store.state.get({ scope: 's', key: 'k' })).rejects.toMatchObject({
        code: 'store-unavailable',
      });
    });
  });
}

function spendOf(world: World, reservedUsd: number): NewSpend {
  const id = world.ids.spend();
  return {
    id,
    turn: null,
    conversation: null,
    person: 'p7',
    purpose: 'turn',
    model: 'm',
    reservedUsd,
    priced: true,
  };
}
