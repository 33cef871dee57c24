import { expect, test } from 'vitest';
import type { AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import { createManualClock, type ManualClock } from '#test/kernel/clock.ts';
import { createTestLog } from '#test/fakes/sink.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';
import { type Channels, createChannels } from './channels.ts';

interface FakeAdapter extends AdapterPort {
  /** The sinks it was started with, one a start. */
  readonly sinks: readonly SinkPort[];
  closed(): number;
  /** Ends the run in progress. */
  crash(error?: Error): void;
}

function fakeAdapter(name: string, close: () => Promise<void> = () => Promise.resolve()): FakeAdapter {
  const sinks: SinkPort[] = [];
  let closed = 0;
  let run = Promise.withResolvers<void>();
  return {
    name,
    abilities: {
      dialects: ['plain'],
      maxText: 1,
      countedAs: 'bytes',
      delivery: 'push',
      edits: false,
      drafts: false,
      typing: false,
      buttons: false,
      threads: false,
      reactions: false,
      files: null,
      sendSemantics: 'blind',
      editEveryMs: 0,
      sendEveryMs: 0,
      coalesce: false,
    },
    sinks,
    closed: () => closed,
    crash: (error) => (error === undefined ? run.resolve() : run.reject(error)),
    start: (sink, signal) => {
      sinks.push(sink);
      run = Promise.withResolvers();
      signal.addEventListener('abort', () => run.resolve(), { once: true });
      return run.promise;
    },
    send: () => Promise.resolve({ ok: true, platformId: '1' }),
    check: () => Promise.resolve([]),
    close: () => {
      closed += 1;
      return close();
    },
  };
}

function setUp(...adapters: readonly AdapterPort[]): {
  readonly channels: Channels;
  readonly clock: ManualClock;
  readonly accepted: string[];
  readonly stop: AbortController;
  readonly log: ReturnType<typeof createTestLog>;
} {
  const clock = createManualClock();
  const log = createTestLog();
  const accepted: string[] = [];
  const inbox = {
    accept: async (channel: string, events: readonly unknown[]) => {
      accepted.push(`${channel}: ${events.length}`);
    },
  };
  const channels = createChannels({
    adapters,
    inbox,
    events: { cursor: () => Promise.resolve('c1') },
    clock,
    log,
  });
  return { channels, clock, accepted, stop: new AbortController(), log };
}

test('a channel is down until it says up, and readiness names what is down', async () => {
  const adapter = fakeAdapter('telegram');
  const { channels, clock, stop, accepted } = setUp(adapter, fakeAdapter('slack'));
  expect(channels.notReady()).toEqual(['telegram: not connected yet', 'slack: not connected yet']);
  const done = channels.start(stop.signal);
  const sink = await until('it is started', () => adapter.sinks[0]);
  sink.state('up', 'connected');
  expect(channels.notReady()).toEqual(['slack: not connected yet']);
  const since = clock.now();
  await clock.pass(1_000);
  sink.state('up', 'still');
  await sink.accept([written('hello')]);
  await sink.accept([], '2');
  expect(await sink.cursor()).toBe('c1');
  expect(accepted).toEqual(['telegram: 1', 'telegram: 0']);
  expect(channels.report()[0]).toMatchObject({ state: 'up', why: 'still', since, lastEventAt: clock.now() });
  stop.abort();
  await done;
  expect(adapter.closed()).toBe(1);
});

test.each([undefined, new Error('broken')])(
  'one that ends by itself (%s) is started again',
  async (error) => {
    const adapter = fakeAdapter('telegram');
    const { channels, clock, stop } = setUp(adapter);
    const done = channels.start(stop.signal);
    adapter.sinks[0]?.state('up', 'connected');
    adapter.crash(error);
    await until('it is down', () => channels.notReady()[0]);
    expect(channels.notReady()).toEqual(['telegram: it stopped by itself and is started again']);
    await clock.pass(5_000);
    expect(adapter.sinks).toHaveLength(2);
    stop.abort();
    await done;
  },
);

test('one that cannot be started or closed does not hold up the others', async () => {
  const broken = fakeAdapter('broken', () => Promise.reject(new Error('no')));
  const never = { ...fakeAdapter('never'), start: () => Promise.reject(new Error('never')) };
  const good = fakeAdapter('good');
  const { channels, stop, log } = setUp(broken, never, good);
  const done = channels.start(stop.signal);
  good.sinks[0]?.state('up', 'connected');
  stop.abort();
  await done;
  expect([broken.closed(), good.closed()]).toEqual([1, 1]);
  expect(log.lines).toContainEqual(expect.objectContaining({ event: 'channel.close-failed' }));
});
