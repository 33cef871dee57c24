import { expect, test } from 'vitest';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';
import { createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import type { ChannelReport } from '../surface.ts';
import { createOutages } from './outages.ts';

const minuteMs = 60_000;
const people = ['telegram:7', 'slack:T1/U1'] as const;

interface Setting extends TestGround {
  /** How a channel is from now on. */
  set(name: string, state: 'up' | 'down', why?: string): void;
  /** Time passes as a gateway lives it: every five seconds it looks. */
  pass(ms: number): Promise<void>;
  /** Another process goes on with the same rows. */
  reboot(): void;
  tell(): Promise<void>;
}

/** Ann, the owner, has a chat on Slack and was seen last in one on Telegram; both channels are up. */
async function setUp(seen: readonly ('telegram' | 'slack')[] = ['slack', 'telegram']): Promise<Setting> {
  const ground = await createGround({
    listed: {
      ann: { role: 'owner', identities: [...people], timezone: null, language: null, approve: null },
    },
  });
  const inbox = createTestInbox(ground);
  for (const channel of seen) {
    const chat = channel === 'slack' ? 'slack:D1' : 'telegram:7';
    const from = channel === 'slack' ? 'T1/U1' : '7';
    await inbox.receive(written('hello', { chat, from }));
    await ground.clock.pass(1_000);
  }
  const reports = new Map<string, ChannelReport>();
  const set = (name: string, state: 'up' | 'down', why = ''): void => {
    reports.set(name, { name, state, why, since: ground.clock.now(), lastEventAt: null, changes: 0 });
  };
  for (const name of ['web', 'telegram', 'slack']) set(name, 'up');
  const adapters = ['web', 'telegram', 'slack'].flatMap((name) => {
    const abilities = ground.compose.abilitiesOf(`${name}:x`);
    return abilities === null ? [] : [{ name, abilities }];
  });
  const create = () => createOutages({ ...ground, channels: () => [...reports.values()], adapters });
  let tell = create();
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 5_000) {
      await ground.clock.pass(5_000);
      await tell();
    }
  };
  await tell();
  return { ...ground, set, pass, reboot: () => void (tell = create()), tell: () => tell() };
}

async function saidOnPage({ store }: TestGround): Promise<string> {
  const open = await store.conversations.openOf('web:owner');
  const steps = open === null ? [] : await store.steps.ofConversation(open.id);
  return JSON.stringify(steps.map(({ body }) => body));
}

test('an outage of two minutes is told once on another channel, and its end once, with how long it was', async () => {
  const world = await setUp();
  world.set('telegram', 'down', 'the network is unreachable');
  await world.pass(1.5 * minuteMs);
  expect(await world.said('slack:D1')).toEqual([]);
  await world.pass(40 * minuteMs);
  expect(await world.said('slack:D1')).toEqual([
    expect.stringMatching(/no connection to telegram for 2 minutes: the network is unreachable.*tiro doctor/),
  ]);
  world.set('telegram', 'up');
  await world.pass(10 * minuteMs);
  expect(await world.said('slack:D1')).toEqual([
    expect.anything(),
    expect.stringMatching(/^telegram is back.*for 4[12] minutes/),
  ]);
  expect(await world.said('telegram:7')).toEqual([]);
});

test('a start, a short break and a stop are no news', async () => {
  const world = await setUp();
  for (let n = 0; n < 10; n += 1) {
    world.set('telegram', 'down', 'reconnecting');
    await world.pass(1.5 * minuteMs);
    world.set('telegram', 'up');
    await world.pass(minuteMs);
  }
  expect(await world.said('slack:D1')).toEqual([]);
});

test('one that flaps is told of at most once an hour', async () => {
  const world = await setUp();
  for (let minute = 0; minute < 180; minute += 4) {
    world.set('telegram', 'down', 'unsteady');
    await world.pass(3 * minuteMs);
    world.set('telegram', 'up');
    await world.pass(minuteMs);
  }
  const said = await world.said('slack:D1');
  expect(said.filter((text) => text.includes('no connection to telegram'))).toHaveLength(3);
  expect(said.length).toBeLessThanOrEqual(6);
});

test('one that is up for seconds only counts as down the whole time', async () => {
  const world = await setUp();
  for (let n = 0; n < 12; n += 1) {
    world.set('telegram', 'down', 'unsteady');
    await world.pass(15_000);
    world.set('telegram', 'up');
    await world.pass(5_000);
  }
  expect(await world.said('slack:D1')).toHaveLength(1);
});

test('where no other channel is up it stands on the page; the end is told on the channel itself', async () => {
  const world = await setUp(['telegram']);
  world.set('telegram', 'down', 'no network');
  await world.pass(3 * minuteMs);
  expect(await saidOnPage(world)).toMatch(/no connection to telegram/);
  expect(await world.said('telegram:7')).toEqual([]);
  world.set('telegram', 'up');
  await world.pass(minuteMs);
  expect(await world.said('telegram:7')).toEqual([expect.stringContaining('telegram is back')]);
});

test.each(['set', 'say', 'set again'] as const)(
  'a crash around the telling (%s fails) tells neither twice nor never',
  async (at) => {
    const world = await setUp();
    let sets = 0;
    const dies = (when: string) => at === when && Promise.reject(new Error('killed'));
    const fragile = withVerbs(world.store, 'state', {
      set: async (row) => {
        sets += 1;
        await dies(sets === 1 ? 'set' : 'set again');
        await world.store.state.set(row);
      },
    });
    const store = withVerbs(fragile, 'conversations', {
      say: async (row) => (await dies('say')) || world.store.conversations.say(row),
    });
    const since = world.clock.now();
    const down = { name: 'telegram', state: 'down', why: 'x', since, lastEventAt: null, changes: 1 } as const;
    const slack = { ...down, name: 'slack', state: 'up' } as const;
    const abilities = world.compose.abilitiesOf('telegram:7');
    if (abilities === null) throw new Error('no telegram');
    const adapters = ['telegram', 'slack'].map((name) => ({ name, abilities }));
    const dying = createOutages({ ...world, store, channels: () => [down, slack], adapters });
    await dying();
    await world.clock.pass(3 * minuteMs);
    await expect(dying()).rejects.toThrow('killed');
    world.set('telegram', 'down', 'x');
    world.reboot();
    await world.pass(3 * minuteMs);
    world.reboot();
    await world.pass(10 * minuteMs);
    expect(await world.said('slack:D1')).toHaveLength(1);
    world.set('telegram', 'up');
    await world.pass(minuteMs);
    expect(await world.said('slack:D1')).toHaveLength(2);
  },
);

test('a clock that is set makes no outage', async () => {
  const world = await setUp();
  world.set('telegram', 'down', 'x');
  await world.pass(5_000);
  world.clock.jump(24 * 60 * minuteMs);
  await world.pass(minuteMs);
  expect(await world.said('slack:D1')).toEqual([]);
});
