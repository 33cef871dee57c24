import { array, assert, asyncProperty, integer } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type StoreContract,
  ann,
  anyTurn,
  bob,
  conversationOf,
  createWorld,
  entry,
  message,
  reply,
  talk,
  textsOf,
} from './world.ts';

/** What comes in: dedupe, conversations, commands, refusals, edits, the question about stale messages. */
export function testEvents(contract: StoreContract): void {
  describe('events', () => {
    test('an event is stored with its cursor and starts the conversation of its chat', async () => {
      const { store, ids } = await createWorld(contract);
      const [accepted] = await store.events.accept({
        channel: 'telegram',
        entries: [
          entry(ids, {
            text: `  What a\n day ${'x'.repeat(80)}`,
            platformId: 'u1',
            sentAt: 900,
            name: 'Ann',
          }),
        ],
        cursor: '42',
        at: 1_000,
      });
      expect(accepted).toMatchObject({ duplicate: false, differs: false });
      expect(await store.events.cursor('telegram')).toBe('42');
      expect(await store.events.cursor('slack')).toBeNull();
      const stored = await store.events.byPlatformId('telegram', 'u1');
      expect(stored).toMatchObject({
        id: accepted?.id,
        kind: 'message',
        lane: 'turn',
        chat: ann,
        identity: 'telegram:7',
        person: 'p7',
        role: 'member',
        name: 'Ann',
        sentAt: 900,
        receivedAt: 1_000,
        status: 'queued',
        turn: null,
        conversation: accepted?.conversation,
      });
      const conversation = await store.conversations.openOf(ann);
      expect(conversation).toMatchObject({ person: 'p7', direct: true, open: true, lastAt: 1_000 });
      expect(conversation?.title).toBe(`What a day ${'x'.repeat(49)}`);
      expect(await store.conversations.chatsOf('p7')).toEqual([{ chat: ann, lastAt: 1_000 }]);
    });

    test('a redelivered event changes nothing and names the first one', async () => {
      const { store, say } = await createWorld(contract);
      const first = await say({ platformId: 'u1', text: 'one' });
      const again = await say({ platformId: 'u1', text: 'one' });
      expect(again).toEqual({ ...first, duplicate: true });
      expect(await say({ platformId: 'u1', text: 'other' })).toMatchObject({
        duplicate: true,
        differs: true,
      });
      expect(await store.events.countByStatus()).toMatchObject({ queued: 1 });
      expect(await say({ platformId: 'u1', chat: 'discord:7' })).toMatchObject({ duplicate: false });
    });

    test('whatever the order and number of deliveries, each event is stored once', async () => {
      const { store, ids } = await createWorld(contract);
      let round = 0;
      await assert(
        asyncProperty(
          array(array(integer({ min: 0, max: 9 }), { maxLength: 6 }), { maxLength: 6 }),
          async (batches) => {
            round += 1;
            const chat = `telegram:${round}` as const;
            const nameOf = (n: number): string => `r${round}-${n}`;
            const answers = await Promise.all(
              batches.map((batch) =>
                store.events.accept({
                  channel: 'telegram',
                  entries: batch.map((n) => entry(ids, { chat, platformId: nameOf(n), text: nameOf(n) })),
                  cursor: null,
                  at: round,
                }),
              ),
            );
            const wanted = [...new Set(batches.flat().map(nameOf))];
            const fresh = answers.flat().filter((accepted) => !accepted.duplicate);
            const stored = await Promise.all(fresh.map((accepted) => store.events.get(accepted.id)));
            expect(new Set(stored.map((event) => event?.platformId))).toEqual(new Set(wanted));
            expect(stored).toHaveLength(wanted.length);
            expect(new Set(fresh.map((accepted) => accepted.conversation)).size).toBe(
              wanted.length > 0 ? 1 : 0,
            );
          },
        ),
        { numRuns: 30 },
      );
    });

    test('text survives as it came: NUL, emoji and lone surrogates included', async () => {
      const { store, say } = await createWorld(contract);
      const { id } = await say({ platformId: 'odd', text: 'a\0b 👍🏽 \uD800 c' });
      expect((await store.events.get(id))?.text).toBe('a\0b 👍🏽 \uFFFD c');
      expect(await say({ platformId: 'odd', text: 'a\0b 👍🏽 \uD800 c' })).toMatchObject({ differs: false });
    });

    test('/new closes the open conversation and belongs to the next one', async () => {
      const { store, say, notes } = await createWorld(contract);
      const before = conversationOf(await say({ text: 'first' }));
      const command = await say({
        text: '/new',
        route: talk(ann, { lane: 'command', startsConversation: true }),
      });
      const after = conversationOf(await say({ text: 'second' }));
      expect(command.conversation).toBe(after);
      expect(after).not.toBe(before);
      expect(await store.conversations.get(before)).toMatchObject({ open: false, title: 'first' });
      expect(await store.conversations.openOf(ann)).toMatchObject({ id: after, title: 'second' });
      expect(notes.flatMap((note) => note.wake)).toEqual(['turns', 'commands', 'turns']);
    });

    test('a named conversation is used or made, and does not become the open one', async () => {
      const { store, ids, say } = await createWorld(contract);
      const open = conversationOf(await say({}));
      const wanted = ids.conversation();
      const history = [reply('earlier')];
      const route = talk(ann, { conversation: wanted, coalesce: false, history });
      expect(conversationOf(await say({ route }))).toBe(wanted);
      expect(conversationOf(await say({ route }))).toBe(wanted);
      expect(textsOf(await store.steps.ofConversation(wanted))).toEqual(['earlier']);
      expect(await store.conversations.get(wanted)).toMatchObject({ open: false });
      expect(await store.conversations.openOf(ann)).toMatchObject({ id: open });
    });

    test('a stranger is refused with the reason, a pairing and the hint; nothing is queued', async () => {
      const { store, ids, say, notes } = await createWorld(contract);
      const pairing = {
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
      const hint = message(ids, 'Your code is ABCD-EFGH');
      const route = { lane: 'none', reason: 'stranger', deliveries: [hint], pairing } as const;
      const { id, conversation } = await say({ platformId: 'u1', route });
      expect(conversation).toBeNull();
      expect(await say({ platformId: 'u1', route })).toMatchObject({ duplicate: true });
      expect(await store.events.get(id)).toMatchObject({
        status: 'refused',
        reason: 'stranger',
        lane: 'none',
      });
      expect(await store.people.pairings(2_000)).toEqual([pairing]);
      expect(await store.outbox.get(hint.id)).toMatchObject({
        status: 'queued',
        conversation: null,
        turn: null,
      });
      expect(await store.outbox.countByStatus()).toMatchObject({ queued: 1 });
      expect(notes.flatMap((note) => note.wake)).toEqual(['outbox']);
      expect(await store.conversations.openOf(ann)).toBeNull();
    });

    test('commands are read in order and settled once, with a notice and deliveries', async () => {
      const { store, ids, say } = await createWorld(contract);
      const route = talk(ann, { lane: 'command' });
      const first = await say({ text: '/status', route });
      const second = await say({ text: '/help', route });
      expect((await store.events.commands(5)).map((event) => event.id)).toEqual([first.id, second.id]);
      expect((await store.events.commands(1)).map((event) => event.id)).toEqual([first.id]);
      expect(await store.events.failCommand({ event: first.id, reason: 'boom' })).toBe(1);
      expect(await store.events.failCommand({ event: first.id, reason: 'boom' })).toBe(2);
      const settlement = {
        event: first.id,
        notice: 'All is well.',
        deliveries: [message(ids, 'All is well.')],
        at: 5,
      };
      await store.events.settleCommand(settlement);
      await store.events.settleCommand({ ...settlement, deliveries: [message(ids, 'twice')] });
      expect(await store.events.get(first.id)).toMatchObject({ status: 'done' });
      expect((await store.events.commands(5)).map((event) => event.id)).toEqual([second.id]);
      expect(textsOf(await store.steps.ofConversation(conversationOf(first)))).toEqual(['All is well.']);
      expect(await store.outbox.countByStatus()).toMatchObject({ queued: 1 });
    });

    test('an edit replaces a message that waits; of an answered one it starts nothing', async () => {
      const { store, say, claim, end } = await createWorld(contract);
      const waiting = await say({ messageId: 'm1', text: 'teh' });
      const edit = await say({ kind: 'edit', messageId: 'm1', text: 'the' });
      expect(await store.events.get(waiting.id)).toMatchObject({ text: 'the', status: 'queued' });
      expect(await store.events.get(edit.id)).toMatchObject({ status: 'done' });
      const turn = await claim();
      if (turn !== null) await end(turn);
      const late = await say({ kind: 'edit', messageId: 'm1', text: 'THE' });
      expect(await store.events.get(late.id)).toMatchObject({
        status: 'refused',
        reason: 'edit of an answered message',
      });
      expect(await store.events.get(waiting.id)).toMatchObject({ text: 'the' });
      const elsewhere = await say({ kind: 'edit', chat: bob, messageId: 'm1', text: 'x' });
      expect(await store.events.get(elsewhere.id)).toMatchObject({ status: 'refused' });
      expect(await claim()).toBeNull();
    });

    test('a reaction is kept and starts nothing', async () => {
      const { store, say, claim } = await createWorld(contract);
      const { id } = await say({ kind: 'reaction', text: '👍' });
      expect(await store.events.get(id)).toMatchObject({ status: 'done', lane: 'none', person: 'p7' });
      expect(await claim()).toBeNull();
    });

    test('one batch is all or nothing', async () => {
      const { store, ids } = await createWorld(contract);
      const taken = entry(ids, { platformId: 'u1' });
      const bad = { ...entry(ids, { platformId: 'u2' }), id: taken.id };
      const batch = store.events.accept({ channel: 'telegram', entries: [taken, bad], cursor: '9', at: 1 });
      await expect(batch).rejects.toThrow();
      expect(await store.events.byPlatformId('telegram', 'u1')).toBeNull();
      expect(await store.events.cursor('telegram')).toBeNull();
      expect(await store.conversations.openOf(ann)).toBeNull();
    });

    test('events are listed by status, latest first, and counted', async () => {
      const { store, say, claim } = await createWorld(contract);
      const first = await say({});
      const second = await say({ chat: bob });
      await claim();
      expect((await store.events.list({ status: 'queued', limit: 9 })).map((event) => event.id)).toEqual([
        second.id,
      ]);
      expect((await store.events.list({ status: 'running', limit: 9 })).map((event) => event.id)).toEqual([
        first.id,
      ]);
      expect((await store.events.list({ status: null, limit: 1 })).map((event) => event.id)).toEqual([
        second.id,
      ]);
      expect(await store.events.countByStatus()).toEqual({
        queued: 1,
        running: 1,
        done: 0,
        dead: 0,
        stale: 0,
        refused: 0,
        withdrawn: 0,
      });
    });
  });

  describe('stale messages', () => {
    const asked = { staleBefore: 10_000, now: 20_000 };

    test('old messages of a chat are asked about once instead of being answered', async () => {
      const { store, ids, say, claim } = await createWorld(contract);
      const old = await say({ sentAt: 5_000 });
      await say({ sentAt: 6_000 });
      const fresh = await say({ sentAt: 19_000 });
      const question = await store.turns.claim({ ...anyTurn, ...asked, turn: ids.turn() });
      expect(question).toMatchObject({
        type: 'stale',
        question: { chat: ann, conversation: conversationOf(old), count: 2, oldestAt: 5_000 },
      });
      expect(await store.events.hasStale(ann)).toBe(true);
      const turn = await claim(asked);
      expect(await store.turns.eventsOf(turn?.id ?? 'trn_')).toMatchObject([{ id: fresh.id }]);
    });

    test('the next gateway asks once more: the first one may have ended before it asked', async () => {
      const { store, ids, say, takeOver } = await createWorld(contract);
      await say({ sentAt: 5_000 });
      const plan = { ...anyTurn, ...asked };
      const first = await store.turns.claim({ ...plan, turn: ids.turn() });
      expect(first).toMatchObject({ type: 'stale', question: { count: 1 } });
      expect(await store.turns.claim({ ...plan, turn: ids.turn() })).toEqual({ type: 'none' });
      const next = await takeOver();
      expect(await next.turns.claim({ ...plan, turn: ids.turn() })).toEqual(first);
      expect(await next.turns.claim({ ...plan, turn: ids.turn() })).toEqual({ type: 'none' });
    });

    test('a yes queues them for good', async () => {
      const { store, say, claim } = await createWorld(contract);
      await say({ text: 'old', sentAt: 5_000 });
      expect(await claim(asked)).toBeNull();
      const yes = await say({
        text: 'yes',
        route: { lane: 'stale-answer', keep: true, person: 'p7', role: 'member' },
      });
      expect(await store.events.get(yes.id)).toMatchObject({ status: 'done' });
      expect(await store.events.hasStale(ann)).toBe(false);
      const turn = await claim(asked);
      expect(turn).not.toBeNull();
      expect(await store.turns.eventsOf(turn?.id ?? 'trn_')).toMatchObject([{ text: 'old' }]);
    });

    test('a no ends them', async () => {
      const { store, say, claim } = await createWorld(contract);
      const old = await say({ sentAt: 5_000 });
      await claim(asked);
      await say({ route: { lane: 'stale-answer', keep: false, person: 'p7', role: 'member' } });
      expect(await store.events.get(old.id)).toMatchObject({ status: 'done', reason: 'declined' });
      expect(await store.events.hasStale(ann)).toBe(false);
      expect(await claim(asked)).toBeNull();
    });

    test('events that ask for their own answer are never stale', async () => {
      const { say, claim } = await createWorld(contract);
      await say({ sentAt: 5_000, route: talk(ann, { coalesce: false }) });
      expect(await claim(asked)).not.toBeNull();
    });
  });
}
