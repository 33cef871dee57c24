import { describe, expect, test } from 'vitest';
import type { Turn } from '#core/turn.ts';
import {
  type StoreContract,
  type World,
  ann,
  approval,
  claimed,
  createWorld,
  inputs,
  textsOf,
} from './world.ts';

/** A yes or a no is given once, and starts the turn that acts on it. */
export function testApprovals(contract: StoreContract): void {
  describe('approvals', () => {
    test('a decision ends the parked turn and goes to the head of the queue, alone', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      const turn = await parked(world, ['7F3K']);
      await world.say({ text: 'meanwhile' });
      const decided = await store.approvals.decide({ ...yes, id: '7F3K', event: ids.event() });
      expect(decided).toMatchObject({
        result: 'decided',
        approval: {
          id: '7F3K',
          turn: turn.id,
          chat: ann,
          person: 'p7',
          callId: 'call-7F3K',
          plan: { tool: 'run', arguments: '{"command":"ls"}', hash: 'hash' },
          status: 'approved',
          decidedBy: 'ann',
          decidedAt: 5_000,
          createdAt: 3_000,
        },
      });
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'done' });
      const next = await claimed(world);
      expect(next).toMatchObject({ person: 'p7', role: 'member', chat: ann });
      expect((await store.steps.ofTurn(next.id)).map((step) => step.body)).toEqual([
        {
          kind: 'decision',
          approval: '7F3K',
          decision: 'approved',
          by: 'ann',
          reason: 'fine',
          callId: 'call-7F3K',
          tool: 'run',
          arguments: '{"command":"ls"}',
          planHash: 'hash',
        },
      ]);
      expect(
        await store.turns.join({
          turn: next.id,
          arrivedBefore: null,
          steer: true,
          maxEvents: 9,
          maxChars: 99,
          at: 1,
        }),
      ).toEqual([]);
      await world.end(next);
      expect(await inputs(world, await claimed(world))).toEqual(['meanwhile']);
    });

    test('of many at once exactly one decides', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await parked(world, ['7F3K']);
      const answers = await Promise.all(
        ['approved', 'denied', 'approved', 'expired'].map((decision) =>
          store.approvals.decide({
            ...yes,
            id: '7F3K',
            decision: decision === 'approved' ? 'approved' : decision === 'denied' ? 'denied' : 'expired',
            event: ids.event(),
          }),
        ),
      );
      expect(answers.map((answer) => answer.result).sort()).toEqual(['decided', 'late', 'late', 'late']);
      const statuses = answers.map((answer) => (answer.result === 'unknown' ? null : answer.approval.status));
      expect(new Set(statuses).size).toBe(1);
      expect(await store.events.countByStatus()).toMatchObject({ queued: 1 });
      expect(await store.approvals.decide({ ...yes, id: 'NONE', event: ids.event() })).toEqual({
        result: 'unknown',
      });
    });

    test('time decides what nobody did, and a yes after it is none', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await parked(world, ['AAA1', 'BBB2']);
      expect(await store.approvals.overdue(99_999)).toEqual([]);
      expect(await store.approvals.overdue(100_000)).toMatchObject([{ id: 'AAA1' }, { id: 'BBB2' }]);
      const expired = { ...yes, id: 'AAA1', decision: 'expired', by: 'time', at: 100_001 } as const;
      expect(await store.approvals.decide({ ...expired, event: ids.event() })).toMatchObject({
        result: 'decided',
      });
      const late = await store.approvals.decide({ ...yes, id: 'BBB2', at: 100_001, event: ids.event() });
      expect(late).toMatchObject({ result: 'late', approval: { status: 'expired' } });
      expect(await store.approvals.overdue(100_001)).toEqual([]);
      for (const id of ['AAA1', 'BBB2']) {
        const turn = await claimed(world);
        const [step] = await store.steps.ofTurn(turn.id);
        expect(step?.body).toMatchObject({ kind: 'decision', approval: id, decision: 'expired', by: 'time' });
        await world.end(turn);
      }
    });

    test('a turn with several asks waits until all are decided', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      const turn = await parked(world, ['AAA1', 'BBB2']);
      await store.approvals.decide({ ...yes, id: 'AAA1', event: ids.event() });
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'parked' });
      await store.approvals.decide({ ...yes, id: 'BBB2', decision: 'denied', event: ids.event() });
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'done' });
    });

    test('a turn whose asks were all decided while it ran does not park', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await world.say({});
      const turn = await claimed(world);
      await world.append(turn, { approvals: [approval('7F3K')] });
      await store.approvals.decide({ ...yes, id: '7F3K', event: ids.event() });
      expect(await world.claim()).toBeNull();
      expect(textsOf(await world.end(turn, 'parked'))).toEqual(['done']);
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'done' });
      expect(await world.claim()).not.toBeNull();
    });

    test('an id is free again once it is decided, and names the pending ask first', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await parked(world, ['7F3K']);
      await store.approvals.decide({ ...yes, id: '7F3K', decision: 'denied', event: ids.event() });
      expect(await store.approvals.get('7F3K')).toMatchObject({ status: 'denied', reason: 'fine' });
      const turn = await claimed(world);
      await world.append(turn, {
        at: 6_000,
        approvals: [approval('7F3K')],
        end: { status: 'parked', reason: null },
      });
      expect(await store.approvals.get('7F3K')).toMatchObject({ status: 'pending', turn: turn.id });
      const decided = await store.approvals.decide({ ...yes, id: '7F3K', event: ids.event(), at: 7_000 });
      expect(decided).toMatchObject({ result: 'decided', approval: { turn: turn.id } });
      expect(await store.approvals.list({ status: null, chat: ann, limit: 9 })).toMatchObject([
        { status: 'approved' },
        { status: 'denied' },
      ]);
      expect(await store.approvals.list({ status: 'pending', chat: null, limit: 9 })).toEqual([]);
      expect(await store.approvals.list({ status: null, chat: 'telegram:99', limit: 9 })).toEqual([]);
      expect(await store.approvals.get('NONE')).toBeNull();
    });

    test('asks of a turn that failed are void', async () => {
      const world = await createWorld(contract);
      const { store, ids } = world;
      await world.say({});
      await world.append(await claimed(world), {
        approvals: [approval('7F3K')],
        end: { status: 'failed', reason: 'broken' },
      });
      const late = await store.approvals.decide({ ...yes, id: '7F3K', event: ids.event() });
      expect(late).toMatchObject({ result: 'late', approval: { status: 'void' } });
      expect(await world.claim()).toBeNull();
    });
  });
}

const yes = { decision: 'approved', by: 'ann', reason: 'fine', at: 5_000 } as const;

async function parked(world: World, approvals: readonly string[]): Promise<Turn> {
  await world.say({});
  const turn = await claimed(world);
  await world.append(turn, {
    approvals: approvals.map((id) => approval(id)),
    end: { status: 'parked', reason: null },
  });
  return turn;
}
