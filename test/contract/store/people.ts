import { describe, expect, test } from 'vitest';
import { type StoreContract, ann, approval, bob, claimed, createWorld, talk } from './world.ts';

/** Who is known: codes, identities, and two who turn out to be one person. */
export function testPeople(contract: StoreContract): void {
  describe('people', () => {
    const stranger = {
      code: 'ABCD-EFGH',
      kind: 'stranger',
      identity: 'telegram:7',
      chat: ann,
      name: 'Ann',
      person: null,
      role: null,
      createdAt: 1_000,
      expiresAt: 9_000,
    } as const;
    const taking = {
      code: 'ABCD-EFGH',
      identity: null,
      handle: 'ann',
      role: 'member',
      name: 'Ann',
      at: 2_000,
    } as const;

    test('a stranger is let in by the code, once', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing(stranger);
      expect(await people.pair({ ...taking, code: 'WRON-GONE' })).toEqual({ result: 'wrong' });
      expect(await people.pair({ ...taking, identity: 'telegram:666' })).toEqual({ result: 'wrong' });
      expect(await people.pair({ ...taking, at: 9_000 })).toEqual({ result: 'expired' });
      expect(await people.identities()).toEqual([]);
      expect(await people.pair(taking)).toEqual({
        result: 'paired',
        pairing: stranger,
        identity: 'telegram:7',
      });
      expect(await people.identities()).toEqual([
        {
          identity: 'telegram:7',
          handle: 'ann',
          role: 'member',
          name: 'Ann',
          since: 2_000,
          timezone: null,
          language: null,
        },
      ]);
      expect(await people.pair(taking)).toEqual({ result: 'wrong' });
      expect(await people.remove('telegram:7')).toBe(true);
      expect(await people.remove('telegram:7')).toBe(false);
    });

    test("an owner's code pairs whoever sends it", async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing({ ...stranger, kind: 'owner', identity: null, chat: null });
      expect(await people.pair(taking)).toEqual({ result: 'wrong' });
      const owner = { ...taking, identity: 'telegram:5', handle: 'owner', role: 'owner' } as const;
      expect(await people.pair(owner)).toMatchObject({ result: 'paired', identity: 'telegram:5' });
    });

    test('codes are unique and pass', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing(stranger);
      await expect(people.addPairing(stranger)).rejects.toMatchObject({ code: 'conflict' });
      expect(await people.pairings(8_999)).toEqual([stranger]);
      expect(await people.pairings(9_000)).toEqual([]);
      await people.addPairing({ ...stranger, createdAt: 10_000, expiresAt: 20_000 });
      expect(await people.pairings(10_000)).toMatchObject([{ expiresAt: 20_000 }]);
    });
  });

  describe('one person under two handles', () => {
    const code = {
      code: 'LINK-CODE',
      kind: 'link',
      identity: null,
      chat: ann,
      name: '',
      person: 'ann',
      role: 'member',
      createdAt: 1_000,
      expiresAt: 9_000,
    } as const;
    const taking = {
      code: 'LINK-CODE',
      identity: 'telegram:8',
      handle: 'ann',
      role: 'member',
      name: 'Ann',
      joins: 'p8',
      at: 2_000,
    } as const;

    test('whatever was the one handle is the other one from the same commit on', async () => {
      const world = await createWorld(contract);
      const { store, say, append, ids } = world;
      const guest = talk(bob, { role: 'guest' });
      const waiting = await say({ chat: bob, text: 'one', route: guest });
      const parked = await claimed(world);
      await append(parked, { approvals: [approval('7F3K')], end: { status: 'parked', reason: null } });
      await say({ chat: bob, text: 'two', route: guest });
      const running = await claimed(world);
      await say({ chat: bob, text: 'three', route: guest });
      const spend = { turn: null, conversation: null, purpose: 'turn', model: 'm', priced: true } as const;
      const row = { ...spend, id: ids.spend(), person: 'p8', reservedUsd: 0.5 };
      await store.spend.reserve({ spend: row, limits: [], at: 1 });
      await store.people.addPairing(code);
      await store.people.pair(taking);
      expect(await store.people.identities()).toMatchObject([{ identity: 'telegram:8', handle: 'ann' }]);
      expect(await store.conversations.list({ person: 'ann', limit: 9 })).toHaveLength(1);
      expect(await store.conversations.chatsOf('ann')).toMatchObject([{ chat: bob }]);
      expect(await store.approvals.get('7F3K')).toMatchObject({ person: 'ann' });
      const theirs = { person: 'ann', role: 'member' };
      expect(await store.turns.get(parked.id)).toMatchObject(theirs);
      expect(await store.turns.get(running.id)).toMatchObject(theirs);
      expect(await store.events.get(waiting.id)).toMatchObject({ person: 'p8', status: 'done' });
      expect(await store.spend.byDay({ since: 0, person: 'ann' })).toMatchObject([{ costUsd: 0.5 }]);
      await world.end(running);
      expect(await world.claim()).toMatchObject(theirs);
    });

    test('what was given up under the one handle is redriven as the other one', async () => {
      const world = await createWorld(contract);
      const { store, say } = world;
      await say({ chat: bob, text: 'poison', route: talk(bob, { role: 'guest' }) });
      const dead = await claimed(world);
      await world.end(dead, 'dead');
      await store.people.addPairing(code);
      await store.people.pair(taking);
      expect(await store.turns.redrive({ turn: dead.id, at: 4_000 })).toBe(true);
      expect(await world.claim()).toMatchObject({ person: 'ann', role: 'member' });
    });

    test('its other paired identities come along, and its own link code is void', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing({ ...code, kind: 'owner', code: 'ELSE', person: null, role: null });
      await people.pair({ ...taking, code: 'ELSE', identity: 'slack:8', handle: 'p8', joins: null });
      await people.addPairing({ ...code, code: 'OWNN', person: 'p8' });
      await people.addPairing(code);
      await people.pair(taking);
      expect((await people.identities()).map(({ identity, handle }) => [identity, handle])).toEqual([
        ['slack:8', 'ann'],
        ['telegram:8', 'ann'],
      ]);
      expect(await people.pairings(1_000)).toEqual([]);
    });

    test('somebody has one link code at a time', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing(code);
      await people.addPairing({ ...code, code: 'SECOND' });
      await people.addPairing({ ...code, code: 'BOBS', person: 'bob' });
      expect((await people.pairings(1_000)).map((row) => row.code)).toEqual(['BOBS', 'SECOND']);
      expect(await people.pair(taking)).toEqual({ result: 'wrong' });
    });
  });

  describe('refusals and languages', () => {
    const stranger = {
      code: 'ABCD-EFGH',
      kind: 'stranger',
      identity: 'telegram:7',
      chat: ann,
      name: 'Ann',
      person: null,
      role: null,
      createdAt: 1_000,
      expiresAt: 9_000,
    } as const;

    test('a refused code stays for as long as is said; refused again it is the same', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing(stranger);
      const refused = { ...stranger, kind: 'refused', expiresAt: 90_000 };
      expect(await people.refuse({ code: 'WRONG', at: 2_000, until: 90_000 })).toBeNull();
      expect(await people.refuse({ code: stranger.code, at: 2_000, until: 90_000 })).toEqual(refused);
      expect(await people.refuse({ code: stranger.code, at: 3_000, until: 99_000 })).toEqual(refused);
      expect(await people.pairings(80_000)).toEqual([refused]);
      expect(await people.pairings(90_000)).toEqual([]);
    });

    test('time zone and language are set apart and taken back', async () => {
      const { people } = (await createWorld(contract)).store;
      await people.addPairing(stranger);
      const who = { identity: null, handle: 'ann', role: 'member', name: 'Ann', at: 2_000 } as const;
      await people.pair({ code: stranger.code, ...who, timezone: 'Europe/Rome' });
      expect(await people.identities()).toMatchObject([{ timezone: 'Europe/Rome', language: null }]);
      expect(await people.setLocale({ handle: 'ann', language: 'it' })).toBe(1);
      expect(await people.identities()).toMatchObject([{ timezone: 'Europe/Rome', language: 'it' }]);
      await people.setLocale({ handle: 'ann', timezone: null });
      expect(await people.identities()).toMatchObject([{ timezone: null, language: 'it' }]);
      expect(await people.setLocale({ handle: 'nobody', language: 'it' })).toBe(0);
    });
  });
}
