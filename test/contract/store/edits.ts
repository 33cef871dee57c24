import { describe, expect, test } from 'vitest';
import type { Turn } from '#core/turn.ts';
import {
  type StoreContract,
  type World,
  ann,
  anyTurn,
  bob,
  claimed,
  createWorld,
  entry,
  inputs,
  message,
  reply,
} from './world.ts';

/** What is said again in other words or taken back: while it waits, while it runs, and too late. */
export function testEdits(contract: StoreContract): void {
  describe('edits', () => {
    test('an edit of a message that is being worked on ends the turn, and the next one sees the new words', async () => {
      const world = await createWorld(contract);
      const { store, say, notes } = world;
      const first = await say({ messageId: 'm1', text: 'teh' });
      const turn = await claimed(world);
      await say({ kind: 'edit', messageId: 'm1', text: 'the' });
      expect(await store.turns.get(turn.id)).toMatchObject({
        status: 'cancelled',
        reason: 'the message was edited before it was answered',
      });
      const steps = await store.steps.ofTurn(turn.id);
      expect(steps.at(-1)?.body).toMatchObject({ kind: 'end', status: 'cancelled', takenBack: true });
      expect(notes.at(-1)).toMatchObject({ turns: [{ id: turn.id, status: 'cancelled' }], wake: ['turns'] });
      expect(await store.events.get(first.id)).toMatchObject({ status: 'queued', text: 'the', turn: null });
      expect(await inputs(world, await claimed(world))).toEqual(['the']);
      await expect(store.turns.append(turnEnd(turn))).rejects.toMatchObject({ code: 'fenced' });
    });

    test('the other messages of that turn wait again in their order', async () => {
      const world = await createWorld(contract);
      const { say, claim } = world;
      await say({ messageId: 'm1', text: 'one' });
      await say({ messageId: 'm2', text: 'two' });
      await say({ messageId: 'm3', text: 'three' });
      await claim();
      await say({ kind: 'edit', messageId: 'm2', text: 'zwei' });
      expect(await inputs(world, await claimed(world))).toEqual(['one', 'zwei', 'three']);
    });

    test('what was claimed once is not asked about as stale when it waits again', async () => {
      const { say, claim } = await createWorld(contract);
      await say({ messageId: 'm1', sentAt: 5_000 });
      await claim();
      await say({ kind: 'edit', messageId: 'm1', sentAt: 6_000 });
      expect(await claim({ staleBefore: 10_000, now: 20_000 })).not.toBeNull();
    });

    test.each(['reply', 'seal', 'preview'] as const)('after a %s the turn is left alone', async (shown) => {
      const world = await createWorld(contract);
      const { store, ids, say, append } = world;
      await say({ messageId: 'm1', text: 'old' });
      const turn = await claimed(world);
      if (shown === 'reply') await append(turn, { steps: [reply('so')], seal: true });
      if (shown === 'seal') await append(turn, { seal: true });
      if (shown === 'preview') {
        const first = message(ids, 'so', { preview: true });
        await store.outbox.preview({ turn: turn.id, first, edit: first, at: 1 });
      }
      const edit = await say({ kind: 'edit', messageId: 'm1', text: 'new' });
      expect(await store.events.get(edit.id)).toMatchObject({ status: 'refused' });
      await say({ kind: 'deletion', messageId: 'm1', route: withdrawal });
      expect(await store.turns.get(turn.id)).toMatchObject({ status: 'running' });
      expect(await inputs(world, turn)).toEqual(['old']);
    });

    test('a turn that a gone gateway left running is taken back too, and is not resumed', async () => {
      const world = await createWorld(contract);
      const { say, takeOver, ids } = world;
      await say({ messageId: 'm1', text: 'teh' });
      const turn = await claimed(world);
      const next = await takeOver();
      const entries = [entry(ids, { kind: 'edit', messageId: 'm1', text: 'the' })];
      await next.events.accept({ channel: 'telegram', entries, cursor: null, at: 1 });
      expect(await next.turns.orphans()).toEqual([]);
      expect(await next.turns.resume({ turn: turn.id, solo: false, at: 2 })).toBeNull();
      expect(await next.turns.claim({ ...anyTurn, turn: ids.turn() })).toMatchObject({ type: 'turn' });
    });

    test('only its sender edits a message', async () => {
      const { store, say } = await createWorld(contract);
      const waiting = await say({ messageId: 'm1', text: 'mine' });
      const edit = await say({ kind: 'edit', messageId: 'm1', text: 'yours', from: '666' });
      expect(await store.events.get(edit.id)).toMatchObject({
        status: 'refused',
        reason: 'edit by somebody else',
      });
      expect(await store.events.get(waiting.id)).toMatchObject({ text: 'mine' });
    });

    test('of edits that come in the wrong order the latest stays', async () => {
      const { store, say } = await createWorld(contract);
      const waiting = await say({ messageId: 'm1', text: 'one' });
      await say({ kind: 'edit', messageId: 'm1', text: 'three', sentAt: 3_000 });
      const late = await say({ kind: 'edit', messageId: 'm1', text: 'two', sentAt: 2_000 });
      expect(await store.events.get(waiting.id)).toMatchObject({ text: 'three' });
      expect(await store.events.get(late.id)).toMatchObject({ reason: 'a later edit came before' });
    });

    test('five times and before its message, an edit is harmless: one turn, with the new words', async () => {
      const world = await createWorld(contract);
      const { say, claim } = world;
      const edit = { kind: 'edit', messageId: 'm1', text: 'new', platformId: 'e1' } as const;
      const first = { messageId: 'm1', text: 'old', platformId: 'm1' } as const;
      for (let i = 0; i < 5; i += 1) {
        await say(edit);
        await say(first);
      }
      expect(await inputs(world, await claimed(world))).toEqual(['new']);
      expect(await claim()).toBeNull();
      await say(edit);
      expect(await claim()).toBeNull();
    });

    test('in a group an edit that names us starts a turn only for a message that was never stored', async () => {
      const world = await createWorld(contract);
      const { store, say, claim, end } = world;
      const chat = 'telegram:-100';
      const group = { chat, direct: false, messageId: 'g1' } as const;
      const named = await say({ ...group, kind: 'edit', text: '@tiro what is up?' });
      expect(await store.events.get(named.id)).toMatchObject({ lane: 'turn', status: 'queued' });
      await say({ ...group, kind: 'edit', text: '@tiro what is new?' });
      await say({ ...group, text: 'what is up?', platformId: 'late' });
      const turn = await claimed(world);
      expect(await inputs(world, turn)).toEqual(['@tiro what is new?']);
      await end(turn);
      await say({ ...group, kind: 'edit', text: '@tiro again?' });
      expect(await claim()).toBeNull();
    });
  });

  describe('deletions', () => {
    test.each(['waits', 'stale', 'running'] as const)(
      'a deleted message that is %s is withdrawn',
      async (state) => {
        const { store, say, claim } = await createWorld(contract);
        const gone = await say({ messageId: 'm1', sentAt: 5_000 });
        if (state === 'stale') await claim({ staleBefore: 10_000, now: 20_000 });
        const turn = state === 'running' ? await claim() : null;
        const deletion = { kind: 'deletion', messageId: 'm1', platformId: 'd1', route: withdrawal } as const;
        const stored = await say(deletion);
        for (let i = 0; i < 4; i += 1) expect(await say(deletion)).toMatchObject({ duplicate: true });
        expect(await store.events.get(gone.id)).toMatchObject({
          status: 'withdrawn',
          reason: 'the message was deleted before it was answered',
        });
        expect(await store.events.get(stored.id)).toMatchObject({
          status: 'done',
          person: null,
          lane: 'none',
        });
        if (turn !== null) expect(await store.turns.get(turn.id)).toMatchObject({ status: 'cancelled' });
        expect(await store.events.hasStale(ann)).toBe(false);
        expect(await claim()).toBeNull();
      },
    );

    test('of a turn with several messages the others are answered', async () => {
      const world = await createWorld(contract);
      await world.say({ messageId: 'm1', text: 'one' });
      await world.say({ messageId: 'm2', text: 'two' });
      await world.claim();
      await world.say({ kind: 'deletion', messageId: 'm1', route: withdrawal });
      expect(await inputs(world, await claimed(world))).toEqual(['two']);
    });

    test('of an unknown, an answered message or one of another chat nothing is stored', async () => {
      const { store, say, claim, end } = await createWorld(contract);
      await say({ messageId: 'm1' });
      const unknown = await say({ kind: 'deletion', messageId: 'm9', route: withdrawal });
      const elsewhere = await say({ kind: 'deletion', chat: bob, messageId: 'm1', route: withdrawal });
      const turn = await claim();
      if (turn !== null) await end(turn);
      const late = await say({ kind: 'deletion', messageId: 'm1', route: withdrawal });
      for (const { id } of [unknown, elsewhere, late]) expect(await store.events.get(id)).toBeNull();
      expect(await store.events.countByStatus()).toMatchObject({ done: 1, withdrawn: 0 });
    });
  });
}

const withdrawal = { lane: 'withdrawal' } as const;

function turnEnd(turn: Turn): Parameters<World['store']['turns']['append']>[0] {
  const nothing = { steps: [], deliveries: [], settle: null, approvals: [], seal: false };
  return { turn: turn.id, at: 1, ...nothing, end: { status: 'done', reason: null } };
}
