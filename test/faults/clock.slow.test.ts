import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Tool, defineTool } from '#core/tool.ts';
import { dayStart } from '#lib/day.ts';
import type { Script } from '#test/fakes/model/protocol.ts';
import { until } from '#test/until.ts';
import { type FaultyWorld, startFaultyWorld } from './world.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const jumps = [
  ['an hour back', -hourMs],
  ['a day back', -dayMs],
  ['an hour forward', hourMs],
  ['a day forward', dayMs],
] as const;
const [ann, ben] = [7, 8];

let world: FaultyWorld | null = null;
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = null;
});

async function start(options: Parameters<typeof startFaultyWorld>[0] = {}): Promise<FaultyWorld> {
  world = await startFaultyWorld({ people: 4, ...options });
  return world;
}

const signed: string[] = [];
const sign: Tool = defineTool({
  name: 'sign',
  description: 'Signs.',
  input: z.object({ what: z.string() }),
  effect: 'once',
  timeoutMs: 5_000,
  resultLimit: 1_000,
  roles: ['owner'],
  run: async ({ what }) => {
    signed.push(what);
    return { ok: true, content: 'signed' };
  },
});

/** Every answer that was made has gone out. */
async function allIsSent({ run }: FaultyWorld): Promise<void> {
  await until('all is sent', async () => {
    const rows = await run('outbox.list', { status: null, limit: 99 });
    return rows.every(({ status }) => status === 'sent' || status === 'cancelled');
  });
}

/** Ben's answer is made, and Telegram is away: it is tried again and again. */
async function holdBack(the: FaultyWorld, text: string): Promise<void> {
  the.model.setLatency(200);
  the.say(ben, text);
  await until('the model thinks', () => the.model.active() === 1);
  await the.toTelegram.refuse();
  the.toTelegram.cut('reset');
  await until('its answer was tried', async () => {
    const rows = await the.run('outbox.list', { status: null, limit: 9 });
    return rows.some(({ attempts }) => attempts > 0);
  });
  the.model.setLatency(0);
}

/** Not an hour and not a day: what a pause, a backoff and a rest take. */
const soonMs = 5 * 60_000;

test.each(jumps)(
  '%s, while answers wait for the platform: they go out as soon as ever, once',
  async (_, ms) => {
    const the = await start({ speed: 5 });
    the.say(ann, 'answered');
    await the.answered(ann, 'You said: answered');
    await allIsSent(the);
    await holdBack(the, 'kept');
    the.clock.jump(ms);
    const begun = the.clock.passed();
    await the.toTelegram.heal();
    await the.answered(ben, 'You said: kept');
    the.say(ann, 'after');
    await the.sees(ann, 'after');
    await allIsSent(the);
    expect(the.clock.passed() - begun).toBeLessThan(soonMs);
    expect(the.count(ann, 'You said: answered')).toEqual({ plain: 1, marked: 0 });
    expect(the.count(ben, 'You said: kept').plain).toBeLessThanOrEqual(1);
  },
);

test.each(jumps)(
  '%s, between two starts: what waited goes out, and what was answered is not again',
  async (_, ms) => {
    const the = await start({ speed: 5 });
    the.say(ann, 'answered');
    await the.answered(ann, 'You said: answered');
    await allIsSent(the);
    await holdBack(the, 'kept');
    await the.gateway.stop();
    the.clock.jump(ms);
    const begun = the.clock.passed();
    await the.toTelegram.heal();
    await the.restart();
    await the.answered(ben, 'You said: kept');
    await allIsSent(the);
    expect(the.clock.passed() - begun).toBeLessThan(soonMs);
    expect(the.count(ann, 'You said: answered')).toEqual({ plain: 1, marked: 0 });
    expect(the.count(ben, 'You said: kept').plain).toBeLessThanOrEqual(1);
  },
);

test.each(jumps)(
  '%s, while a model asks for a pause: it is as long as it was, and the turn goes on',
  async (_, ms) => {
    const the = await start({ speed: 5 });
    the.model.failNext(429, { headers: { 'retry-after': '4' } });
    the.model.failNext(503, { times: 3 });
    the.say(ann, 'wait for it');
    await until('it has failed once', () => the.model.requests.length > 0);
    the.clock.jump(ms);
    const begun = the.clock.passed();
    expect(await the.ask('another one')).toMatchObject({ status: 'done' });
    await the.answered(ann, 'You said: wait for it');
    expect(the.clock.passed() - begun).toBeLessThan(soonMs);
    const turns = await the.run('turns.list', { status: null, conversation: null, limit: 9 });
    expect(turns.map(({ status }) => status)).toEqual(['done', 'done']);
  },
);

test.each(jumps)(
  '%s, while a yes is waited for: it runs once, or has expired and the model is told',
  async (_, ms) => {
    signed.length = 0;
    const script: Script = (request) =>
      request.raw.includes('call_sign')
        ? 'all told'
        : { toolCalls: [{ id: 'call_sign', name: 'sign', arguments: '{"what":"it"}' }] };
    const the = await start({
      model: { script },
      seams: { tools: [sign], rules: [{ tool: 'sign', decision: 'ask' }] },
    });
    the.say(ann, 'sign it');
    const pending = () => the.run('approvals.list', { status: 'pending', limit: 9 });
    const ask = await until('it asks', async () => (await pending())[0]);
    the.clock.jump(ms);
    // A yes after the end is none; before it, it counts.
    const decided = await the
      .run('approvals.decide', { id: ask.id, decision: 'once', reason: null })
      .then(({ status }) => status, String);
    await the.sees(ann, 'all told');
    expect(await pending()).toEqual([]);
    expect(decided === 'approved').toBe(ms < 0);
    expect(signed).toEqual(ms < 0 ? ['it'] : []);
  },
);

test.each(jumps)(
  '%s, while a tool runs: the turn is not out of time, and an outage is waited out',
  async (_, ms) => {
    const leap = defineTool({
      name: 'leap',
      description: 'The clock is set.',
      input: z.object({}),
      effect: 'pure',
      timeoutMs: 5_000,
      resultLimit: 1_000,
      roles: ['owner'],
      run: async () => {
        world?.clock.jump(ms);
        world?.model.failNext(503, { times: 3 });
        return { ok: true, content: 'done' };
      },
    });
    const script: Script = (request) =>
      request.raw.includes('call_leap')
        ? 'landed'
        : { toolCalls: [{ id: 'call_leap', name: 'leap', arguments: '{}' }] };
    const rules = [{ tool: 'leap', decision: 'allow' }] as const;
    const the = await start({ speed: 5, model: { script }, seams: { tools: [leap], rules } });
    the.say(ann, 'leap');
    await until('it has landed', () => the.shown(ann).at(-1) === 'landed');
    const [turn] = await the.run('turns.list', { status: null, conversation: null, limit: 1 });
    expect(turn).toMatchObject({ status: 'done', reason: null });
  },
);

test('a day forward with messages on the way: one question a chat, and a yes answers them', async () => {
  const the = await start();
  the.say(ann, 'from yesterday');
  the.clock.jump(dayMs);
  const asked = () => the.shown(ann).some((text) => text.includes('Does it still matter'));
  await until('asked or answered', () => asked() || the.count(ann, 'You said: from yesterday').plain > 0);
  if (asked()) the.say(ann, 'yes');
  await the.answered(ann, 'You said: from yesterday');
});

test('clocks set forward and back for summer and winter: the day of a budget has 23 and 25 hours', () => {
  const rome = 'Europe/Rome';
  const spring = Date.UTC(2026, 2, 28, 23);
  const autumn = Date.UTC(2026, 9, 24, 22);
  expect(dayStart(spring + 22.5 * hourMs, rome)).toBe(spring);
  expect(dayStart(spring + 23 * hourMs, rome)).toBe(spring + 23 * hourMs);
  expect(dayStart(autumn + 24.5 * hourMs, rome)).toBe(autumn);
  expect(dayStart(autumn + 25 * hourMs, rome)).toBe(autumn + 25 * hourMs);
  for (const start of [spring, autumn]) {
    for (let hours = 0; hours < 22; hours += 0.5) expect(dayStart(start + hours * hourMs, rome)).toBe(start);
  }
});
