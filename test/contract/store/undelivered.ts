import { describe, expect, test } from 'vitest';
import { type StoreContract, bob, createWorld, message } from './world.ts';

const route = { lane: 'undelivered' } as const;
const now = { now: 50_000, limit: 50, pausedChannels: [], pausedChats: [] } as const;
const sent = { status: 'sent', platformId: 'm1' } as const;

/** What a platform took and could not bring after all. */
export function testUndelivered(contract: StoreContract): void {
  describe('a delivery that did not arrive', () => {
    const setUp = async () => {
      const world = await createWorld(contract);
      const [first, second] = [message(world.ids, 'first'), message(world.ids, 'second')];
      const { conversation } = await world.say({ route: { ...hello, deliveries: [first, second] } });
      await world.store.outbox.claim(now);
      const settle = () =>
        world.store.outbox.settle({ id: first.id, at: 2, outcome: sent, replacements: [] });
      const fails = (words: object = {}) =>
        world.say({ kind: 'undelivered', messageId: first.id, text: 'no such user', route, ...words });
      return { world, first, second, conversation, settle, fails };
    };

    test('is a dead letter with the reason, and can be sent once more', async () => {
      const { world, first, settle, fails } = await setUp();
      await settle();
      await fails({ platformId: 'b1' });
      expect(await world.store.outbox.get(first.id)).toMatchObject({
        status: 'dead',
        reason: 'no such user',
      });
      expect((await world.store.outbox.countByStatus()).dead).toBe(1);
      expect(await world.store.outbox.redrive({ id: first.id, at: 5 })).toBe(true);
      expect((await fails({ platformId: 'b1' })).duplicate).toBe(true);
      expect(await world.store.outbox.get(first.id)).toMatchObject({ status: 'queued' });
    });

    test('and was still being sent: the answer changes nothing any more, and the next goes out', async () => {
      const { world, first, second, settle, fails } = await setUp();
      await fails();
      expect(await world.store.outbox.claim(now)).toMatchObject([{ id: second.id }]);
      await settle();
      expect(await world.store.outbox.get(first.id)).toMatchObject({ status: 'dead' });
    });

    test('is of this channel, or nothing happens', async () => {
      const { world, first, settle, fails } = await setUp();
      await settle();
      await fails({ chat: 'slack:7', platformId: 'b1' });
      await fails({ messageId: 'dlv_unknown', platformId: 'b2' });
      await fails({ messageId: null, platformId: 'b3', chat: bob });
      expect(await world.store.outbox.get(first.id)).toMatchObject({ status: 'sent' });
      const refused = await world.store.events.list({ status: 'refused', limit: 9 });
      expect(refused.filter(({ kind }) => kind === 'undelivered')).toHaveLength(3);
    });
  });
}

const hello = { lane: 'none', reason: 'hello', pairing: null } as const;
