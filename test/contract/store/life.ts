import { describe, expect, test } from 'vitest';
import {
  type StoreContract,
  type World,
  ann,
  anyTurn,
  approval,
  bob,
  claimed,
  createWorld,
  inputs,
  intent,
  message,
  moment,
  reply,
  textsOf,
} from './world.ts';

/** How turns live through crashes, defects, takeovers, /stop and redrives. */
export function testLife(contract: StoreContract): void {
  describe('epochs', () => {
    test('a newer gateway fences the older one: every write is refused, reads go on', async () => {
      const world = await createWorld(contract);
      const { store } = world;
      await world.say({});
      const turn = await claimed(world);
      await store.boots.assertCurrent();
      const next = await world.takeOver();
      expect(next.epoch).toBeGreaterThan(store.epoch);
      const writes = await Promise.allSettled([
        world.append(turn, { steps: [reply('stale')] }),
        world.say({ text: 'stale' }),
        store.state.set({ scope: 's', key: 'k', value: 'stale' }),
        store.boots.stopped(),
      ]);
      for (const write of writes)
        expect(write).toMatchObject({ status: 'rejected', reason: { code: 'fenced' } });
      await expect(store.boots.assertCurrent()).rejects.toMatchObject({ code: 'fenced' });
      expect(world.fatal).toMatchObject([{ code: 'fenced' }]);
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'running' });
      expect(textsOf(await next.steps.ofTurn(turn.id))).toEqual(['hello']);
      expect(await next.state.get({ scope: 's', key: 'k' })).toBeNull();
      expect(world.notes.flatMap((note) => textsOf(note.steps))).toEqual(['hello']);
    });

    test('a boot counts the ones before it that neither stopped nor became healthy', async () => {
      const world = await createWorld(contract);
      expect(await world.store.boots.current()).toMatchObject({ epoch: world.store.epoch, crashStreak: 0 });
      const second = await world.takeOver();
      expect((await second.boots.current()).crashStreak).toBe(1);
      const third = await world.takeOver();
      expect((await third.boots.current()).crashStreak).toBe(2);
      await third.boots.healthy();
      const fourth = await world.takeOver();
      expect((await fourth.boots.current()).crashStreak).toBe(0);
      const fifth = await world.takeOver();
      await fifth.boots.stopped();
      const sixth = await world.takeOver();
      expect((await sixth.boots.current()).crashStreak).toBe(0);
    });

    test('the next gateway goes on with running turns, and only it may write for them', async () => {
      const world = await createWorld(contract);
      await world.say({ text: 'one' });
      const turn = await claimed(world);
      await world.say({ text: 'two' });
      await world.say({ chat: bob });
      expect(await world.store.turns.orphans()).toEqual([]);
      const next = await world.takeOver();
      expect(await next.turns.orphans()).toMatchObject([{ id: turn.id, epoch: world.store.epoch }]);
      const early = next.turns.append(moment(turn, { steps: [reply('early')] }));
      await expect(early).rejects.toMatchObject({ code: 'fenced' });
      const resumed = await next.turns.resume({ turn: turn.id, solo: false, at: 9_000 });
      expect(resumed).toMatchObject({ id: turn.id, epoch: next.epoch, attempts: 1, solo: false });
      expect(await next.turns.resume({ turn: turn.id, solo: false, at: 9_000 })).toBeNull();
      expect(await next.turns.orphans()).toEqual([]);
      const end = { status: 'done', reason: null } as const;
      expect(textsOf(await next.turns.append(moment(turn, { steps: [reply('x')], end })))).toEqual([
        'x',
        'done',
      ]);
      expect(await next.turns.resume({ turn: turn.id, solo: false, at: 9_000 })).toBeNull();
    });

    test('only a turn that ran alone is charged with a crash; a new step starts the count anew', async () => {
      const world = await createWorld(contract);
      await world.say({});
      const turn = await claimed(world);
      expect(await attemptsAfterCrash(world, turn.id, false)).toBe(1);
      expect(await attemptsAfterCrash(world, turn.id, false)).toBe(1);
      expect(await attemptsAfterCrash(world, turn.id, true)).toBe(1);
      expect(await attemptsAfterCrash(world, turn.id, true)).toBe(2);
      const { store, attempts } = await crash(world, turn.id, true);
      expect(attempts).toBe(3);
      await store.turns.append(moment(turn, { steps: [reply('moved')] }));
      expect(await store.turns.get(turn.id)).toMatchObject({ attempts: 0, status: 'running' });
      expect(await attemptsAfterCrash(world, turn.id, false)).toBe(1);
    });

    test('a turn that runs alone is no longer alone once another one starts', async () => {
      const world = await createWorld(contract);
      await world.say({});
      await world.say({ chat: bob });
      const turn = await claimed(world);
      const { store } = await crash(world, turn.id, true);
      const next = await store.turns.claim({ ...anyTurn, turn: world.ids.turn() });
      expect(next).toMatchObject({ type: 'turn', turn: { chat: bob } });
      expect(await store.turns.get(turn.id)).toMatchObject({ solo: false });
      expect(await attemptsAfterCrash(world, turn.id, false)).toBe(1);
    });
  });

  describe('defects', () => {
    test('a turn with a defect is tried again when it is due, and the attempt stays counted', async () => {
      const world = await createWorld(contract);
      const { turns } = world.store;
      await world.say({});
      const turn = await claimed(world);
      await turns.defer({ turn: turn.id, dueAt: 5_000, reason: 'boom' });
      expect(await turns.get(turn.id)).toMatchObject({
        status: 'running',
        dueAt: 5_000,
        attempts: 1,
        reason: 'boom',
      });
      expect(await turns.retryDue({ now: 4_999 })).toEqual([]);
      expect(await turns.retryDue({ now: 5_000 })).toMatchObject([{ id: turn.id, attempts: 2 }]);
      expect(await turns.retryDue({ now: 5_000 })).toEqual([]);
      await world.end(turn, 'dead');
      await expect(turns.defer({ turn: turn.id, dueAt: 9_000, reason: 'x' })).rejects.toMatchObject({
        code: 'fenced',
      });
    });

    test('the wall clock went back: a turn is not put off for longer than one ever is', async () => {
      const world = await createWorld(contract);
      const { turns } = world.store;
      await world.say({});
      const turn = await claimed(world);
      await turns.defer({ turn: turn.id, dueAt: 400_000, reason: 'boom' });
      expect(await turns.retryDue({ now: 100_000 })).toEqual([]);
      expect(await turns.retryDue({ now: 99_999 })).toMatchObject([{ id: turn.id }]);
    });

    test('a crash while a turn waits for its next try takes nothing back', async () => {
      const world = await createWorld(contract);
      await world.say({});
      const turn = await claimed(world);
      await world.store.turns.defer({ turn: turn.id, dueAt: 5_000, reason: 'boom' });
      expect(await attemptsAfterCrash(world, turn.id, false)).toBe(2);
    });

    test('a turn that waits for its next try does not take the place of others', async () => {
      const world = await createWorld(contract);
      await world.say({});
      const turn = await claimed(world);
      await world.say({ chat: bob });
      expect(await world.claim({ maxRunning: 1 })).toBeNull();
      await world.store.turns.defer({ turn: turn.id, dueAt: 5_000, reason: 'boom' });
      expect(await world.claim({ maxRunning: 1, now: 4_000 })).toMatchObject({ chat: bob });
    });

    test('a dead turn is redriven once: its events are new work, its steps stay', async () => {
      const world = await createWorld(contract);
      const { turns, events } = world.store;
      const { id } = await world.say({ text: 'poison', sentAt: 100 });
      const turn = await claimed(world);
      expect(await turns.redrive({ turn: turn.id, at: 4_000 })).toBe(false);
      await world.end(turn, 'dead');
      expect(await events.list({ status: 'dead', limit: 9 })).toMatchObject([{ id }]);
      expect(await turns.redrive({ turn: turn.id, at: 4_000 })).toBe(true);
      expect(await turns.redrive({ turn: turn.id, at: 4_000 })).toBe(false);
      expect(textsOf(await world.store.steps.ofTurn(turn.id))).toEqual(['poison', 'dead']);
      const again = await claimed(world, { staleBefore: 9_000 });
      expect(await inputs(world, again)).toEqual(['poison']);
      await world.end(again, 'failed');
      expect(await turns.redrive({ turn: again.id, at: 5_000 })).toBe(true);
      expect(await turns.redrive({ turn: 'trn_unknown', at: 5_000 })).toBe(false);
    });

    test('a decision whose plan began to act is not redriven', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      for (const acts of [false, true]) {
        await world.say({});
        await world.append(await claimed(world), {
          at: acts ? 3_500 : 3_000,
          approvals: [approval('7F3K')],
          end: { status: 'parked', reason: null },
        });
        const yes = { id: '7F3K', decision: 'approved', by: 'ann', reason: null, at: 4_000 } as const;
        await store.approvals.decide({ ...yes, event: ids.event() });
        const turn = await claimed(world);
        await world.append(turn, {
          steps: acts ? [intent('call')] : [],
          end: { status: 'dead', reason: null },
        });
        expect(await store.turns.redrive({ turn: turn.id, at: 6_000 })).toBe(!acts);
        await store.turns.stop({ conversation: turn.conversation, by: 'test', upTo: null, at: 7_000 });
      }
    });
  });

  describe('/stop', () => {
    test('ends what runs, waits and is unsent of the conversation, and nothing else', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await world.say({});
      const parked = await claimed(world);
      await world.append(parked, {
        approvals: [approval('7F3K')],
        deliveries: [message(ids, 'may I?')],
        end: { status: 'parked', reason: null },
      });
      await world.say({});
      const turn = await claimed(world);
      const { conversation } = turn;
      await world.append(turn, { deliveries: [message(ids, 'thinking')] });
      const waiting = await world.say({});
      const other = await world.say({ chat: bob });
      const stopped = await store.turns.stop({ conversation, by: 'ann', upTo: null, at: 5_000 });
      expect(new Set(stopped.turns)).toEqual(new Set([turn.id, parked.id]));
      expect(stopped).toMatchObject({ events: 1, approvals: 1, deliveries: 2 });
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'cancelled', endedAt: 5_000 });
      expect(await store.turns.get(parked.id)).toMatchObject({ status: 'cancelled' });
      expect(textsOf(await store.steps.ofTurn(turn.id))).toEqual(['hello', 'cancelled']);
      expect(await store.events.get(waiting.id)).toMatchObject({ status: 'withdrawn' });
      expect(await store.events.get(other.id)).toMatchObject({ status: 'queued' });
      expect(await store.approvals.get('7F3K')).toMatchObject({ status: 'void' });
      expect(await store.outbox.countByStatus()).toMatchObject({ queued: 0, cancelled: 2 });
      await expect(world.append(turn, { steps: [reply('late')] })).rejects.toMatchObject({ code: 'fenced' });
      expect(await store.turns.stop({ conversation, by: 'ann', upTo: null, at: 5_000 })).toEqual({
        turns: [],
        events: 0,
        approvals: 0,
        deliveries: 0,
      });
      expect(await world.claim()).toMatchObject({ chat: bob });
      expect(await world.claim()).toBeNull();
      await world.say({ text: 'again' });
      expect(await world.claim()).toMatchObject({ chat: ann });
    });

    test('a call in flight ends as it ends, but is not made again', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await world.say({});
      const turn = await claimed(world);
      const out = message(ids, 'hi');
      await world.append(turn, { deliveries: [out] });
      const claim = { now: 9_000, limit: 9, pausedChannels: [], pausedChats: [] };
      expect(await store.outbox.claim(claim)).toMatchObject([{ id: out.id }]);
      await store.turns.stop({ conversation: turn.conversation, by: 'ann', upTo: null, at: 9_000 });
      const failed = {
        status: 'queued',
        dueAt: 9_000,
        countAttempt: true,
        repeated: false,
        reason: 'down',
      } as const;
      const replacements = [message(ids, 'in another dialect')];
      await store.outbox.settle({ id: out.id, at: 9_100, outcome: failed, replacements });
      expect(await store.outbox.get(out.id)).toMatchObject({ status: 'cancelled' });
      expect(await store.outbox.claim(claim)).toEqual([]);
    });
  });
}

async function crash(
  world: World,
  turn: `trn_${string}`,
  solo: boolean,
): Promise<{ readonly store: World['store']; readonly attempts: number | undefined }> {
  const store = await world.takeOver();
  const resumed = await store.turns.resume({ turn, solo, at: 9_000 });
  return { store, attempts: resumed?.attempts };
}

/** The gateway is gone; the next one takes the turn over, alone or not. */
async function attemptsAfterCrash(
  world: World,
  turn: `trn_${string}`,
  solo: boolean,
): Promise<number | undefined> {
  return (await crash(world, turn, solo)).attempts;
}
