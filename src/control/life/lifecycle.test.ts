import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { createTestLog } from '#test/fakes/sink.ts';
import { type ManualClock, createManualClock } from '#test/kernel/clock.ts';
import { until } from '#test/until.ts';
import { type Lifecycle, type LifecycleDeps, createLifecycle } from './lifecycle.ts';

interface Setting {
  readonly life: Lifecycle;
  readonly clock: ManualClock;
  /** What was begun and ended, in order. */
  readonly deeds: readonly string[];
  readonly log: ReturnType<typeof createTestLog>;
  lose(error: Error): void;
}

/** A gateway whose parts only write down what is asked of them. */
function setUp(change: (deps: LifecycleDeps) => Partial<LifecycleDeps> = () => ({})): Setting {
  const clock = createManualClock();
  const log = createTestLog();
  const deeds: string[] = [];
  const lost = Promise.withResolvers<Error>();
  const did = async (what: string): Promise<void> => void deeds.push(what);
  const part = (name: string) => async (signal: AbortSignal) => {
    await did(`${name} starts`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await did(`${name} ends`);
  };
  const drain = (name: string) => async (signal: AbortSignal) => {
    await did(`${name} ${signal.aborted ? 'cut off' : 'drained'}`);
  };
  const deps: LifecycleDeps = {
    clock,
    log,
    channels: { start: part('channels') },
    workers: [{ start: part('turns'), wake: () => undefined }],
    drains: [drain('turns'), drain('deliveries')],
    web: {
      start: async () => {
        await did('web starts');
        return { url: 'http://here' };
      },
      stop: () => did('web stops'),
    },
    store: { boots: { stopped: () => did('stopped cleanly') }, close: () => did('store closes') },
    chores: part('chores'),
    watch: part('watch'),
    lost: lost.promise,
    announce: (url) => did(`announced ${url}`),
    renounce: () => did('renounced'),
  };
  const life = createLifecycle({ ...deps, ...change(deps) });
  return { life, clock, deeds, log, lose: lost.resolve };
}

const never = new Promise<never>(() => undefined);

test('it takes messages only after the page listens; channels come last', async () => {
  const { life, deeds } = setUp();
  expect(await life.start()).toEqual({ url: 'http://here' });
  expect(deeds).toEqual([
    'web starts',
    'turns starts',
    'chores starts',
    'watch starts',
    'channels starts',
    'announced http://here',
  ]);
});

test('stop: no new input, turns before deliveries, then the page, and the rows last', async () => {
  const { life, deeds } = setUp();
  await life.start();
  const begun = deeds.length;
  await life.stop();
  const stops = deeds.slice(begun);
  const order = ['turns drained', 'deliveries drained', 'web stops'];
  expect(stops.filter((deed) => order.includes(deed))).toEqual(order);
  expect(stops.indexOf('channels ends')).toBeLessThan(stops.indexOf('turns ends'));
  expect(stops.indexOf('turns ends')).toBeGreaterThan(stops.indexOf('deliveries drained'));
  expect(stops.slice(-3)).toEqual(['renounced', 'stopped cleanly', 'store closes']);
});

test('a second stop is the first', async () => {
  const { life, deeds } = setUp();
  await life.start();
  await Promise.all([life.stop(), life.stop()]);
  await life.stop();
  expect(deeds.filter((deed) => deed === 'store closes')).toHaveLength(1);
});

test('one that was never started can be stopped', async () => {
  const { life, deeds } = setUp();
  await life.stop();
  expect(deeds.at(-1)).toBe('store closes');
});

test('a busy port: the start fails in words and the rows are closed as after any clean stop', async () => {
  const busy = new TiroError('unavailable', 'Port 4180 is taken.');
  const { life, deeds } = setUp((deps) => ({ web: { ...deps.web, start: () => Promise.reject(busy) } }));
  await expect(life.start()).rejects.toBe(busy);
  expect(deeds).not.toContain('turns starts');
  expect(deeds.slice(-2)).toEqual(['stopped cleanly', 'store closes']);
});

test('stopped while it starts, it starts nothing more', async () => {
  const listening = Promise.withResolvers<{ url: string }>();
  const { life, deeds } = setUp((deps) => ({ web: { ...deps.web, start: () => listening.promise } }));
  const starting = life.start();
  await life.stop();
  listening.resolve({ url: 'http://here' });
  await expect(starting).rejects.toMatchObject({ code: 'unavailable' });
  expect(deeds).not.toContain('turns starts');
});

test.each([
  ['fenced', 69],
  ['store-corrupt', 69],
  ['store-unavailable', 69],
] as const)('%s: it ends by itself, cut off and not cleanly, with code %s', async (code, exitCode) => {
  const { life, deeds, lose } = setUp();
  await life.start();
  lose(new TiroError(code, 'The rows are gone.'));
  expect(await life.ended).toEqual({ exitCode, reason: 'The rows are gone.' });
  expect(deeds).toContain('turns cut off');
  expect(deeds).not.toContain('stopped cleanly');
  expect(deeds.at(-1)).toBe('store closes');
});

test('the store is lost and nothing ends any more: it ends all the same', async () => {
  const { life, clock, lose } = setUp(() => ({
    drains: [() => never],
    channels: { start: () => never },
    store: { boots: { stopped: () => never }, close: () => Promise.reject(new Error('gone')) },
  }));
  await life.start();
  lose(new Error('worker died'));
  let ended: unknown = null;
  void life.ended.then((how) => (ended = how));
  await until('it has ended', async () => {
    await clock.pass(1_000);
    return ended !== null;
  });
  expect(ended).toEqual({ exitCode: 1, reason: 'worker died' });
});

test('a part that fails while it runs ends the gateway cleanly and is told', async () => {
  const failing = Promise.withResolvers<void>();
  const { life, deeds } = setUp(() => ({ watch: () => failing.promise }));
  await life.start();
  failing.reject(new Error('watch broke'));
  expect(await life.ended).toEqual({ exitCode: 1, reason: 'watch broke' });
  expect(deeds.slice(-2)).toEqual(['stopped cleanly', 'store closes']);
});

test('what hangs is left behind within ten seconds, and the rows are closed', async () => {
  const { life, clock, deeds, log } = setUp((deps) => ({
    drains: [(signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))],
    channels: { start: () => never },
    web: { ...deps.web, stop: () => never },
  }));
  await life.start();
  const begun = clock.now();
  let stopped = false;
  const stopping = life.stop().then(() => (stopped = true));
  await until('it has stopped', async () => {
    await clock.pass(250);
    return stopped;
  });
  await stopping;
  expect(clock.now() - begun).toBeLessThanOrEqual(10_000);
  expect(deeds.slice(-2)).toEqual(['stopped cleanly', 'store closes']);
  const hanging = log.lines.filter((line) => JSON.stringify(line).includes('gateway.step-hangs'));
  expect(hanging).toHaveLength(2);
});

test('a step of the stop that fails does not keep the rows from being closed, and is told in the end', async () => {
  const { life, deeds } = setUp(() => ({ drains: [() => Promise.reject(new Error('broken'))] }));
  await life.start();
  await expect(life.stop()).rejects.toThrow('broken');
  expect(deeds.slice(-2)).toEqual(['stopped cleanly', 'store closes']);
});

test('a command that only looked at the rows logs no end of a gateway', async () => {
  const { life, log, deeds } = setUp();
  await life.stop();
  expect(deeds).toContain('store closes');
  expect(log.lines).toEqual([]);
});
