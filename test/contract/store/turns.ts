import { describe, expect, test } from 'vitest';
import {
  type StoreContract,
  ann,
  approval,
  bob,
  claimed,
  conversationOf,
  createWorld,
  inputs,
  message,
  moment,
  reply,
  running,
  talk,
  textsOf,
} from './world.ts';

/** How work becomes turns: what is claimed, what joins, what one moment of a turn commits. */
export function testTurns(contract: StoreContract): void {
  describe('claims', () => {
    test('a claim writes the turn and its input steps in one commit', async () => {
      const { store, ids, say, claim, notes } = await createWorld(contract);
      const first = await say({ text: 'one', sentAt: 900, name: 'Ann' });
      await say({ text: 'two' });
      const id = ids.turn();
      const turn = await claim({ turn: id, now: 2_000 });
      expect(turn).toEqual({
        id,
        conversation: conversationOf(first),
        chat: ann,
        direct: true,
        person: 'p7',
        role: 'member',
        status: 'running',
        epoch: store.epoch,
        attempts: 1,
        solo: false,
        sealed: false,
        dueAt: 2_000,
        startedAt: 2_000,
        endedAt: null,
        reason: null,
      });
      const steps = await store.steps.ofTurn(id);
      expect(steps.map((step) => step.body)).toMatchObject([
        { kind: 'input', event: first.id, person: 'p7', name: 'Ann', text: 'one', files: [], at: 900 },
        { kind: 'input', text: 'two' },
      ]);
      expect(notes.at(-1)).toMatchObject({ steps, turns: [{ id, status: 'running' }] });
      expect(await store.events.countByStatus()).toMatchObject({ queued: 0, running: 2 });
      expect(await claim()).toBeNull();
    });

    test('a conversation has one running turn; the next one gets what came meanwhile, in order', async () => {
      const world = await createWorld(contract);
      await world.say({ text: 'one' });
      const turn = await claimed(world);
      await world.say({ text: 'two' });
      await world.say({ text: 'three' });
      expect(await world.claim()).toBeNull();
      await world.end(turn);
      expect(await inputs(world, await claimed(world))).toEqual(['two', 'three']);
    });

    test('at most so many events and characters share a turn, at least one', async () => {
      const world = await createWorld(contract);
      for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd']) await world.say({ text });
      expect(await inputs(world, await claimed(world, { maxEvents: 3, maxChars: 9 }))).toEqual([
        'aaaa',
        'bbbb',
      ]);
      await world.end(await running(world));
      expect(await inputs(world, await claimed(world, { maxEvents: 3, maxChars: 1 }))).toEqual(['cccc']);
      await world.end(await running(world));
      await world.say({ text: 'eeee' });
      expect(await inputs(world, await claimed(world, { maxEvents: 1 }))).toEqual(['dddd']);
    });

    test('events that do not coalesce come one a turn, in their place', async () => {
      const world = await createWorld(contract);
      const alone = talk(ann, { coalesce: false });
      await world.say({ text: 'one' });
      await world.say({ text: 'two', route: alone });
      await world.say({ text: 'three', route: alone });
      await world.say({ text: 'four' });
      for (const text of ['one', 'two', 'three', 'four']) {
        const turn = await claimed(world);
        expect(await inputs(world, turn)).toEqual([text]);
        await world.end(turn);
      }
    });

    test('in a group only what one person said goes together: a turn acts with that person’s rights', async () => {
      const world = await createWorld(contract);
      const group = 'telegram:-100';
      const from = (person: string, role: 'owner' | 'member'): { route: ReturnType<typeof talk> } => ({
        route: talk(group, { person, role }),
      });
      await world.say({ chat: group, direct: false, text: 'a', name: 'A', ...from('a', 'member') });
      await world.say({ chat: group, direct: false, text: 'a too', name: 'A', ...from('a', 'member') });
      await world.say({ chat: group, direct: false, text: 'b', name: 'B', ...from('b', 'member') });
      await world.say({ chat: group, direct: false, text: 'o', name: 'O', ...from('o', 'owner') });
      const turn = await claimed(world);
      expect(turn).toMatchObject({ person: 'a', role: 'member', direct: false });
      expect(await inputs(world, turn)).toEqual(['a', 'a too']);
      await world.end(turn);
      const second = await claimed(world);
      expect(second).toMatchObject({ person: 'b', role: 'member' });
      expect(await inputs(world, second)).toEqual(['b']);
      await world.end(second);
      expect(await claimed(world)).toMatchObject({ person: 'o', role: 'owner' });
      expect(await world.store.conversations.chatsOf('o')).toEqual([]);
    });

    test('the person with the fewest running turns is next, then the conversation that waits longest', async () => {
      const world = await createWorld(contract);
      const chats = ['telegram:1', 'telegram:2', 'telegram:3', 'telegram:4'] as const;
      const person = (name: string, chat: (typeof chats)[number]): ReturnType<typeof talk> =>
        talk(chat, { person: name });
      await world.say({ chat: chats[0], route: person('busy', chats[0]) });
      await world.say({ chat: chats[1], route: person('busy', chats[1]) });
      await world.say({ chat: chats[2], route: person('busy', chats[2]) });
      await world.say({ chat: chats[3], route: person('calm', chats[3]) });
      const order: string[] = [];
      for (let turn = await world.claim(); turn !== null; turn = await world.claim()) order.push(turn.chat);
      expect(order).toEqual([chats[0], chats[3], chats[1], chats[2]]);
    });

    test('limits of the process and of a person delay claims', async () => {
      const world = await createWorld(contract);
      const mine = talk('telegram:2', { person: 'p7' });
      await world.say({});
      await world.say({ chat: 'telegram:2', route: mine });
      await world.say({ chat: bob });
      expect(await world.claim({ maxRunning: 0 })).toBeNull();
      const first = await claimed(world, { maxPerPerson: 1 });
      expect(first.chat).toBe(ann);
      expect(await world.claim({ maxRunning: 1 })).toBeNull();
      expect((await claimed(world, { maxPerPerson: 1 })).chat).toBe(bob);
      expect(await world.claim({ maxPerPerson: 1 })).toBeNull();
      await world.end(first);
      expect((await claimed(world, { maxPerPerson: 1 })).chat).toBe('telegram:2');
    });

    test('every message of every chat is answered once and in order, however they come', async () => {
      const world = await createWorld(contract);
      const said: Record<string, string[]> = {};
      const heard: Record<string, string[]> = {};
      for (let n = 0; n < 60; n += 1) {
        const chat = `telegram:${(n * 7) % 5}` as const;
        (said[chat] ??= []).push(`${n}`);
        await world.say({ chat, text: `${n}`, route: talk(chat, { coalesce: n % 3 > 0 }) });
        if (n % 4 > 0) continue;
        const turn = await world.claim({ maxEvents: 2 });
        if (turn === null) continue;
        (heard[turn.chat] ??= []).push(...(await inputs(world, turn)));
        await world.end(turn);
      }
      for (let turn = await world.claim(); turn !== null; turn = await world.claim()) {
        (heard[turn.chat] ??= []).push(...(await inputs(world, turn)));
        await world.end(turn);
      }
      expect(heard).toEqual(said);
      expect(await world.store.events.countByStatus()).toMatchObject({ queued: 0, running: 0, done: 60 });
    });

    test('what waits behind a running turn is told, a row per conversation', async () => {
      const world = await createWorld(contract);
      const { conversation } = await world.say({});
      const turn = await claimed(world);
      expect(await world.store.events.waiting(99_000)).toEqual([]);
      await world.say({}, 5_000);
      await world.say({}, 6_000);
      await world.say({ chat: bob }, 5_000);
      expect(await world.store.events.waiting(5_000)).toEqual([]);
      expect(await world.store.events.waiting(5_001)).toEqual([
        { conversation, chat: ann, runningTurn: turn.id, count: 1 },
      ]);
      expect(await world.store.events.waiting(9_000)).toMatchObject([{ count: 2 }]);
    });
  });

  describe('joining', () => {
    const all = { arrivedBefore: null, steer: false, maxEvents: 20, maxChars: 1_000, at: 2_500 };

    test('messages join a running turn that is not sealed, those that arrived in time', async () => {
      const world = await createWorld(contract);
      await world.say({ text: 'one' }, 1_000);
      const turn = await claimed(world);
      await world.say({ text: 'two' }, 1_600);
      await world.say({ text: 'three' }, 1_700);
      const joined = await world.store.turns.join({ ...all, turn: turn.id, arrivedBefore: 1_700 });
      expect(textsOf(joined)).toEqual(['two']);
      expect(await inputs(world, turn)).toEqual(['one', 'two']);
      expect(world.notes.at(-1)).toMatchObject({ steps: joined, turns: [{ id: turn.id }] });
      expect(await world.store.events.countByStatus()).toMatchObject({ queued: 1, running: 2 });
      await world.append(turn, { seal: true });
      expect(await world.store.turns.join({ ...all, turn: turn.id })).toEqual([]);
      expect(textsOf(await world.store.turns.join({ ...all, turn: turn.id, steer: true }))).toEqual([
        'three',
      ]);
      await world.end(turn);
      expect(await world.store.turns.join({ ...all, turn: turn.id, steer: true })).toEqual([]);
    });

    test('nothing overtakes what may not join, and the limits count what the turn has', async () => {
      const world = await createWorld(contract);
      await world.say({ text: 'one' });
      const turn = await claimed(world);
      await world.say({ text: 'two' });
      await world.say({ text: 'three', route: talk(ann, { coalesce: false }) });
      await world.say({ text: 'four' });
      expect(await world.store.turns.join({ ...all, turn: turn.id, maxEvents: 1 })).toEqual([]);
      expect(await world.store.turns.join({ ...all, turn: turn.id, maxChars: 5 })).toEqual([]);
      expect(textsOf(await world.store.turns.join({ ...all, turn: turn.id }))).toEqual(['two']);
      expect(textsOf(await world.store.turns.join({ ...all, turn: turn.id }))).toEqual([]);
    });

    test('a note names the conversations whose messages may join', async () => {
      const world = await createWorld(contract);
      const { conversation } = await world.say({});
      expect(world.notes.at(-1)).toMatchObject({ queued: [conversation] });
      await world.say({ route: talk(ann, { coalesce: false }) });
      expect(world.notes.at(-1)).toMatchObject({ queued: [] });
    });
  });

  describe('moments of a turn', () => {
    test('steps, deliveries, asks and money are one commit', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await world.say({});
      const turn = await claimed(world);
      const spend = {
        id: ids.spend(),
        turn: turn.id,
        conversation: turn.conversation,
        person: 'p7',
        purpose: 'turn',
        model: 'm',
        reservedUsd: 0.5,
        priced: true,
      };
      await store.spend.reserve({ spend, limits: [], at: 2_100 });
      const out = message(ids, 'hi');
      const steps = await world.append(turn, {
        steps: [reply('a'), reply('b')],
        deliveries: [out, { ...out, id: ids.delivery() }],
        approvals: [approval('7F3K')],
        settle: { id: spend.id, model: 'm', costUsd: 0.1, usage: null },
        seal: true,
      });
      expect(textsOf(steps)).toEqual(['a', 'b']);
      expect(steps[1]?.seq).toBeGreaterThan(steps[0]?.seq ?? 0);
      expect(await store.outbox.ofTurn(turn.id)).toMatchObject([{ id: out.id, status: 'queued' }]);
      expect(await store.approvals.get('7F3K')).toMatchObject({
        status: 'pending',
        turn: turn.id,
        chat: ann,
      });
      expect(await store.spend.ofTurn(turn.id)).toMatchObject([{ costUsd: 0.1, settledAt: 3_000 }]);
      expect(await store.turns.get(turn.id)).toMatchObject({ sealed: true, attempts: 0 });
    });

    test('an id of a pending ask is refused, and nothing else of that moment is stored', async () => {
      const world = await createWorld(contract);
      await world.say({});
      const turn = await claimed(world);
      await world.append(turn, { approvals: [approval('7F3K')] });
      const twice = world.append(turn, { steps: [reply('x')], approvals: [approval('7F3K')] });
      await expect(twice).rejects.toMatchObject({ code: 'conflict' });
      expect(await inputs(world, turn)).toEqual(['hello']);
      expect(textsOf(await world.store.steps.ofTurn(turn.id))).toEqual(['hello']);
    });

    test('a failed write of a group commit undoes itself alone', async () => {
      const world = await createWorld(contract);
      const { store } = world;
      await world.say({});
      const turn = await claimed(world);
      const results = await Promise.allSettled([
        store.state.set({ scope: 's', key: 'before', value: '1' }),
        store.turns.append({ ...moment(turn), turn: 'trn_unknown', steps: [reply('lost')] }),
        world.append(turn, { steps: [reply('kept')] }),
        store.state.set({ scope: 's', key: 'after', value: '2' }),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(textsOf(await store.steps.ofTurn(turn.id))).toEqual(['hello', 'kept']);
      expect(await store.state.get({ scope: 's', key: 'after' })).toBe('2');
      expect(world.notes.flatMap((note) => textsOf(note.steps))).toEqual(['hello', 'kept']);
    });

    for (const [status, events] of [
      ['done', 'done'],
      ['parked', 'done'],
      ['failed', 'done'],
      ['cancelled', 'done'],
      ['dead', 'dead'],
    ] as const) {
      test(`a turn that ends as ${status} leaves its events ${events} and frees its conversation`, async () => {
        const world = await createWorld(contract);
        const { id } = await world.say({});
        const turn = await claimed(world);
        await world.say({ text: 'next' });
        const steps = await world.append(turn, { steps: [reply('bye')], end: { status, reason: 'because' } });
        expect(steps.at(-1)?.body).toEqual({ kind: 'end', status, reason: 'because' });
        expect(await world.store.turns.get(turn.id)).toMatchObject({
          status,
          endedAt: 3_000,
          reason: 'because',
        });
        expect(await world.store.events.get(id)).toMatchObject({ status: events, turn: turn.id });
        expect(world.notes.at(-1)).toMatchObject({ wake: ['turns'], turns: [{ id: turn.id, status }] });
        await expect(world.append(turn, { steps: [reply('late')] })).rejects.toMatchObject({
          code: 'fenced',
        });
        expect(await inputs(world, await claimed(world))).toEqual(['next']);
      });
    }

    test('turns are listed by status and conversation, latest first, and counted', async () => {
      const world = await createWorld(contract);
      const { turns } = world.store;
      await world.say({});
      await world.say({ chat: bob });
      const first = await claimed(world);
      const second = await claimed(world);
      await world.end(first, 'failed');
      expect(await turns.list({ status: null, conversation: null, limit: 9 })).toMatchObject([
        { id: second.id },
        { id: first.id },
      ]);
      expect(await turns.list({ status: 'failed', conversation: null, limit: 9 })).toMatchObject([
        { id: first.id },
      ]);
      const { conversation } = second;
      expect(await turns.list({ status: null, conversation, limit: 9 })).toMatchObject([{ id: second.id }]);
      expect(await turns.countByStatus()).toMatchObject({ running: 1, failed: 1, done: 0 });
    });
  });
}
