import { expect, test } from 'vitest';
import type { NewDelivery } from '#core/delivery.ts';
import type { Turn } from '#core/turn.ts';
import { createTestControl } from '#test/kernel/control.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';

interface Setting extends TestGround, TestInbox {
  readonly turn: Turn;
  /** What is due is with the platform. */
  claim(): Promise<readonly string[]>;
  say(text: string, preview?: boolean): NewDelivery;
  stop(): Promise<void>;
}

const all = { limit: 99, pausedChannels: [], pausedChats: [] } as const;
const limits = { maxRunning: 9, maxPerPerson: 9, maxEvents: 9, maxChars: 999, staleBefore: null } as const;

/** Ann's message is being answered. */
async function setUp(): Promise<Setting> {
  const ground = await createGround();
  const inbox = createTestInbox(ground);
  const { store, clock, ids, compose } = ground;
  await inbox.receive(written('hello'));
  const claimed = await store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits });
  if (claimed.type !== 'turn') throw new Error('There is nothing to claim.');
  return {
    ...ground,
    ...inbox,
    turn: claimed.turn,
    claim: async () =>
      (await store.outbox.claim({ now: clock.now(), ...all })).map(({ body }) =>
        'markdown' in body ? body.markdown : body.kind,
      ),
    say: (markdown, preview = false) => {
      const plain = { replyTo: null, buttons: [], editOf: null } as const;
      const [row] = compose.say({ chat: 'telegram:7', markdown, key: markdown, ...plain });
      if (row === undefined) throw new Error('There is nothing to say.');
      return { ...row, preview };
    },
    stop: async () => {
      await inbox.receive(written('/stop'));
      await createTestControl(ground, inbox).commands.tick();
    },
  };
}

test('/stop: a preview whose call is in flight is not made again, and no later text of it goes out', async () => {
  const setting = await setUp();
  const { store, turn, clock } = setting;
  const first = setting.say('The ans …', true);
  const id = await store.outbox.preview({ turn: turn.id, first, edit: first, at: clock.now() });
  expect(await setting.claim()).toEqual(['The ans …']);
  await setting.stop();
  const outcome = {
    status: 'queued',
    dueAt: clock.now(),
    countAttempt: true,
    repeated: true,
    reason: 'reset',
  } as const;
  await store.outbox.settle({ id, at: clock.now(), outcome, replacements: [] });
  expect(await store.outbox.get(id)).toMatchObject({ status: 'cancelled' });
  expect(await setting.claim()).toEqual(['Stopped: 1 running answer.']);
  expect(await store.turns.get(turn.id)).toMatchObject({ status: 'cancelled' });
});

test('/stop: what waits out a 429 is not sent when its time has come', async () => {
  const setting = await setUp();
  const { store, turn, clock } = setting;
  const nothing = { steps: [], settle: null, approvals: [], seal: true, end: null };
  const deliveries = [setting.say('one'), setting.say('two')];
  await store.turns.append({ turn: turn.id, at: clock.now(), ...nothing, deliveries });
  expect(await setting.claim()).toEqual(['one']);
  const [row] = await store.outbox.list({ status: 'sending', limit: 1 });
  const dueAt = clock.now() + 30_000;
  const outcome = { status: 'queued', dueAt, countAttempt: false, repeated: false, reason: '429' } as const;
  await store.outbox.settle({ id: row?.id ?? 'dlv_', at: clock.now(), outcome, replacements: [] });
  await setting.stop();
  await clock.pass(60_000);
  expect(await setting.claim()).toEqual(['Stopped: 1 running answer, 2 unsent deliveries.']);
  expect(await store.outbox.countByStatus()).toMatchObject({ cancelled: 2, queued: 0 });
});
