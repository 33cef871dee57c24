import { afterEach, describe, expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type FaultyWorld, startFaultyWorld } from './world.ts';

const minuteMs = 60_000;
/** Of real time, for what takes a quarter of an hour. */
const limitMs = 45_000;
const people = [7, 8, 9, 10, 11, 12];

let world: FaultyWorld;
afterEach(() => world[Symbol.asyncDispose]());

/** Where something has to succeed, time leaves room for a busy machine; half an hour in between takes twelve seconds. */
const walking = 30;
const running = 150;

/** Simulated time runs so much faster. */
async function start(speed: number): Promise<void> {
  world = await startFaultyWorld({ speed, people: people.length });
}

/** Resolves with how long it was, which on a busy machine is more. */
async function wait(what: string, ms: number): Promise<number> {
  const begun = world.clock.passed();
  await until(what, () => world.clock.passed() - begun >= ms, limitMs);
  return world.clock.passed() - begun;
}

/** The most tries of the breaker in so long: five failures and what is under way then, rests of 5, 10, 20, 40 and 60 s. */
function mostTries(ms: number): number {
  const [failures, underWay] = [5, 3];
  let [tries, restMs] = [failures + underWay, 5_000];
  for (let at = restMs; at <= ms; at += restMs) {
    tries += 1;
    restMs = Math.min(restMs * 2, minuteMs);
  }
  return tries;
}

/** A poll each 16 s, a fifth sooner at most, and a send each minute. */
function mostConnections(ms: number): number {
  return ms / (16_000 * 0.8) + ms / minuteMs + 10;
}

describe('half an hour', () => {
  test(
    'without the platform: nothing lost, no storm, in order, and the other channel goes on',
    { timeout: 120_000 },
    async () => {
      await start(walking);
      for (const who of people) world.say(who, 'before');
      for (const who of people) await world.answered(who, 'You said: before');
      // The outage begins while answers are on their way: each chat has several.
      world.model.setLatency(100);
      const asked = world.model.requests.length;
      for (const who of people) world.say(who, 'on the way');
      await until('the model has all', () => world.model.requests.length >= asked + people.length);
      const begun = world.clock.passed();
      await world.toTelegram.refuse();
      world.toTelegram.cut('reset');
      world.model.setLatency(0);
      for (let i = 0; i < 20; i += 1) await world.ask(`question ${i}`);
      world.clock.setSpeed(running);
      await wait('half of it is over', 15 * minuteMs);
      const waiting = await world.run('outbox.list', { status: 'queued', limit: 99 });
      const tries = waiting.reduce((sum, { attempts }) => sum + attempts, 0);
      // Refused connections are counted by the rows, reset ones by the proxy.
      expect(tries).toBeGreaterThan(0);
      expect(tries).toBeLessThanOrEqual(mostTries(world.clock.passed() - begun));
      await world.toTelegram.heal();
      world.toTelegram.set({ connect: 'reset' });
      world.toTelegram.cut('reset');
      const since = world.toTelegram.counts().opened;
      const restMs = await wait('half an hour is over', 15 * minuteMs);
      const connections = world.toTelegram.counts().opened - since;
      expect(connections).toBeGreaterThan(0);
      expect(connections).toBeLessThan(mostConnections(restMs));
      world.clock.setSpeed(walking);
      for (const who of people) for (const text of ['first', 'second']) world.say(who, text);
      await world.toTelegram.heal();
      for (const who of people) {
        await until(`${who} has all`, () => world.shown(who).at(-1)?.includes('second'));
        const shown = world.shown(who).join('\n');
        expect(shown.match(/on the way/g)).toHaveLength(1);
        expect(shown.indexOf('on the way')).toBeLessThan(shown.indexOf('second'));
      }
      expect(await world.run('outbox.list', { status: 'dead', limit: 9 })).toEqual([]);
    },
  );

  test(
    'without the model: told, then a plain error after a quarter of an hour; kept, not charged, sent again',
    { timeout: 120_000 },
    async () => {
      await start(60);
      world.toModel.cut();
      world.toModel.set({ connect: 'black-hole' });
      const since = world.model.requests.length;
      const begun = world.clock.passed();
      for (const who of people) world.say(who, 'anybody there?');
      for (const who of people) await world.sees(who, 'I keep trying for a quarter of an hour', limitMs);
      for (const who of people) await world.sees(who, 'I could not reach the model', limitMs);
      const minutes = (world.clock.passed() - begun) / minuteMs;
      expect(minutes).toBeGreaterThan(12);
      expect(minutes).toBeLessThan(25);
      expect(world.model.requests.length).toBe(since);
      const failed = await world.run('turns.list', { status: 'failed', conversation: null, limit: 20 });
      expect(failed).toHaveLength(people.length);
      expect(failed.every(({ attempts }) => attempts <= 1)).toBe(true);
      expect(await world.run('turns.list', { status: 'dead', conversation: null, limit: 9 })).toEqual([]);
      // A message of the second quarter waits for the model, and is answered once it is back.
      world.say(7, 'still there?');
      await until('its turn runs', async () => {
        const [turn] = await world.run('turns.list', { status: 'running', conversation: null, limit: 9 });
        return turn;
      });
      await world.toModel.heal();
      world.toModel.cut('reset');
      await world.sees(7, 'still there?');
      for (const { id } of failed) await world.run('turns.redrive', { id });
      const answersOf = (who: number): readonly string[] =>
        world.shown(who).filter((text) => text.startsWith('You said:') && text.endsWith('anybody there?'));
      for (const who of people) await until(`${who} is answered`, () => answersOf(who).length > 0);
      for (const who of people) {
        expect(answersOf(who)).toHaveLength(1);
      }
    },
  );
});
