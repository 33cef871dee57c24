import { describe, expect, test } from 'vitest';
import { type StoreContract, ann, bob, claimed, createWorld, talk } from './world.ts';

/** Who may start how many turns, and who waits for what. */
export function testLimits(contract: StoreContract): void {
  const minute = 60_000;
  const limits = { turnsPerMinute: { member: 3 } } as const;

  describe('limits per person', () => {
    test('so many at once, then one whenever its share of the minute is over; nothing is dropped', async () => {
      const world = await createWorld(contract);
      const alone = talk(ann, { coalesce: false });
      for (let i = 0; i < 6; i += 1) await world.say({ text: `${i}`, route: alone });
      const startAt = async (now: number): Promise<number> => {
        let started = 0;
        for (;;) {
          const turn = await world.claim({ ...limits, now });
          if (turn === null) return started;
          started += 1;
          await world.end(turn);
        }
      };
      const from = 1_000_000;
      expect(await startAt(from)).toBe(3);
      expect(await startAt(from + minute / 3 - 1)).toBe(0);
      expect(await startAt(from + minute / 3)).toBe(1);
      expect(await startAt(from + minute / 3)).toBe(0);
      expect(await startAt(from + minute)).toBe(2);
    });

    test('who waits for it holds nobody else up, and roles without a limit wait for nothing', async () => {
      const world = await createWorld(contract);
      const now = 1_000_000;
      const say = (chat: typeof ann, role: 'owner' | 'member'): Promise<unknown> =>
        world.say({ chat, route: talk(chat, { coalesce: false, role }) });
      for (let i = 0; i < 4; i += 1) await say(ann, 'member');
      for (let i = 0; i < 5; i += 1) await say(bob, 'owner');
      const persons: string[] = [];
      for (;;) {
        const turn = await world.claim({ ...limits, now });
        if (turn === null) break;
        persons.push(turn.person);
        await world.end(turn);
      }
      expect(persons.filter((person) => person === 'p7')).toHaveLength(3);
      expect(persons.filter((person) => person === 'p8')).toHaveLength(5);
    });

    test('the next gateway goes on with it, and a clock that goes back keeps nobody waiting', async () => {
      const world = await createWorld(contract);
      const now = 1_000_000;
      for (let i = 0; i < 5; i += 1) await world.say({ route: talk(ann, { coalesce: false }) });
      for (let i = 0; i < 3; i += 1) await world.end(await claimed(world, { ...limits, now }));
      expect(await world.claim({ ...limits, now })).toBeNull();
      const next = await world.takeOver();
      const plan = {
        ...limits,
        maxRunning: 9,
        maxPerPerson: 9,
        maxEvents: 9,
        maxChars: 99,
        staleBefore: null,
      };
      const claim = async (at: number): Promise<string> =>
        (await next.turns.claim({ ...plan, turn: world.ids.turn(), now: at })).type;
      expect(await claim(now + 1)).toBe('none');
      expect(await claim(now - 3 * minute)).toBe('turn');
    });
  });

  describe('waiting for a place', () => {
    test('what nothing runs for, the longest first, with the reason', async () => {
      const world = await createWorld(contract);
      const { store, say, end } = world;
      for (let i = 0; i < 4; i += 1) await say({ route: talk(ann, { coalesce: false }) }, 1_000);
      await say({ chat: bob }, 1_100);
      const now = 1_000_000;
      for (let i = 0; i < 3; i += 1) await end(await claimed(world, { ...limits, now, maxPerPerson: 1 }));
      await world.claim({ ...limits, now, maxRunning: 1 });
      const waiting = await store.events.waitingForPlace({ before: 2_000, limit: 9 });
      expect(waiting.map(({ chat, dueAt }) => [chat, dueAt > now])).toEqual([[ann, true]]);
      expect(await store.events.waitingForPlace({ before: 1_000, limit: 9 })).toEqual([]);
      await say({ chat: 'telegram:9' }, 1_200);
      const all = await store.events.waitingForPlace({ before: 2_000, limit: 9 });
      expect(all.map(({ chat, dueAt }) => [chat, dueAt > 0])).toEqual([
        [ann, true],
        ['telegram:9', false],
      ]);
      expect(all[0]?.head).toBeLessThan(all[1]?.head ?? 0);
      expect(await store.events.waitingForPlace({ before: 2_000, limit: 1 })).toHaveLength(1);
    });
  });
}
