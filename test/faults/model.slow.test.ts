import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '#test/fakes/model/faults.ts';
import { until } from '#test/until.ts';
import { type FaultyWorld, startFaultyWorld } from './world.ts';

let world: FaultyWorld;
beforeAll(async () => {
  world = await startFaultyWorld({ speed: 30, people: 14 });
});
afterAll(() => world[Symbol.asyncDispose]());

const [ann, ben] = [7, 8];

test('a model that hangs: told after a while, other chats go on, and the answer comes once', async () => {
  world.model.faultNext({ kind: 'hang' });
  world.say(ann, 'hung');
  await until('it hangs', () => world.model.active() === 1);
  expect(await world.ask('beside it')).toMatchObject({ status: 'done' });
  world.say(ben, 'me too');
  await world.answered(ben, 'You said: me too');
  expect(world.model.active()).toBe(1);
  await world.answered(ann, 'You said: hung');
  const [notice, answer, ...more] = world.shown(ann);
  expect(notice).toContain('The model does not answer (fake/m fell silent.)');
  expect([answer, more]).toEqual(['You said: hung', []]);
});

test('half-open sockets to the model: found out by their silence, and the call is made on new ones', async () => {
  world.say(ann, 'warm');
  await world.answered(ann, 'You said: warm');
  world.toModel.freeze();
  world.say(ann, 'into the void');
  await world.answered(ann, 'You said: into the void');
  expect(world.count(ann, 'You said: into the void')).toEqual({ plain: 1, marked: 0 });
});

test('a model that writes for ever is cut at the limit, and what it wrote is kept and said to be cut', async () => {
  world.model.faultNext({ kind: 'endless' });
  const before = process.memoryUsage().rss;
  world.say(ann, 'tell me everything');
  await world.sees(ann, 'cut off');
  const texts = world.shown(ann).slice(-12).join(' ');
  expect(texts.split('word').length).toBeGreaterThan(5_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  expect(world.telegram.messages(ann).every(({ text }) => text.length <= 4_096)).toBe(true);
  await until('it was hung up on', () => world.model.active() === 0);
});

const faults: readonly Fault[] = [
  { kind: 'cut', afterBytes: 0 },
  { kind: 'cut', afterBytes: 100 },
  { kind: 'cut', afterBytes: 1_000 },
  { kind: 'reset' },
  { kind: 'malformed' },
  { kind: 'nonsense' },
  { kind: 'stall' },
  { kind: 'unfinished' },
  { kind: 'empty' },
  { kind: 'error-event', error: { message: 'overloaded', code: 529 } },
  { kind: 'slow', everyMs: 5 },
];

test('each way to break a stream: every chat gets its answer once, whole, and unmarked', async () => {
  for (const fault of faults) world.model.faultNext(fault);
  const people = faults.map((_, index) => 8 + index);
  for (const who of people) world.say(who, `broken stream ${who}`);
  for (const who of people) await world.answered(who, `You said: broken stream ${who}`);
  for (const who of people) {
    const answers = world.shown(who).filter((text) => text.includes(`broken stream ${who}`));
    expect(answers).toEqual([`You said: broken stream ${who}`]);
  }
});

test('storms of 429 and 5xx: waited out, every chat answered once, and the model is not hammered', async () => {
  const people = [8, 9, 10, 11, 12];
  const before = world.model.requests.length;
  const headers = { 'retry-after': '5' };
  world.model.failNext(429, { headers, times: 4 });
  world.model.failNext(503, { times: 6 });
  world.model.failNext(500, { times: 4 });
  for (const who of people) world.say(who, `storm ${who}`);
  for (const who of people) await world.answered(who, `You said: storm ${who}`);
  for (const who of people) expect(world.count(who, `You said: storm ${who}`)).toMatchObject({ plain: 1 });
  const made = world.model.requests.length - before;
  expect(made).toBeLessThanOrEqual(14 + 2 * people.length);
});

test('cut or reset at any byte, in either direction: once healed each message has one answer', async () => {
  const where = fc.record({
    bytes: fc.nat(6_000),
    upwards: fc.boolean(),
    cutBy: fc.constantFrom('close' as const, 'reset' as const),
    times: fc.integer({ min: 1, max: 3 }),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(where, async ({ bytes, upwards, cutBy, times }) => {
      run += 1;
      const text = `cut ${run} ${'and on '.repeat(200)}`.trim();
      world.toModel.set({ ...(upwards ? { cutAfterUp: bytes } : { cutAfterDown: bytes }), cutBy, times });
      world.say(10, text);
      await world.answered(10, `You said: ${text}`);
      expect(world.count(10, `You said: ${text}`)).toEqual({ plain: 1, marked: 0 });
    }),
    { numRuns: 20 },
  );
  await world.toModel.heal();
});
