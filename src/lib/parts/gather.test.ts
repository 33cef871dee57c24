import { expect, test } from 'vitest';
import { createManualClock } from '#test/kernel/clock.ts';
import { until } from '#test/until.ts';
import { createPartsGatherer } from './gather.ts';
import type { Part, Parts } from './take.ts';

const quietMs = 500;

function start(cursor: string | null = null) {
  const clock = createManualClock();
  const stored: { values: string[]; cursor: string | null } = { values: [], cursor };
  const refused: unknown[] = [];
  const state = { rejects: 0 };
  const abort = new AbortController();
  const sink = {
    cursor: () => Promise.resolve(stored.cursor),
    accept: (values: readonly string[], next?: string) => {
      if (state.rejects > 0) {
        state.rejects -= 1;
        return Promise.reject(new Error('disk full'));
      }
      stored.values.push(...values);
      if (next !== undefined) stored.cursor = next;
      return Promise.resolve();
    },
  };
  const gatherer = createPartsGatherer<string>(
    { clock, refused: (error) => refused.push(error) },
    {
      quietMs,
      most: 10,
      merge: ({ values }) => values.join('+'),
      read: (it): Parts<string> => JSON.parse(JSON.stringify(it)),
    },
  );
  return { clock, stored, refused, state, abort, gatherer, door: { sink, signal: abort.signal } };
}

function part(order: number, key: string | null = 'A'): Part<string> {
  return { key, place: 'here', order, value: `${key ?? 'alone'}${order}` };
}

test('a whole comes out when it has not grown for a while, not before', async () => {
  const { clock, stored, gatherer, door } = start();
  await gatherer.take(door, [part(1)], '101');
  await clock.pass(quietMs - 1);
  await gatherer.take(door, [part(2)], '102');
  await clock.pass(quietMs - 1);
  expect(stored.values).toEqual([]);
  expect(gatherer.offset()).toBe('102');
  await clock.pass(1);
  await until('it comes out', () => stored.values.length === 1);
  expect(stored.values).toEqual(['A1+A2']);
  expect(stored.cursor).toMatch(/^102 \{"open":\[\],/);
});

test('without parts the cursor is the offset alone, and without an offset nothing is stored beside the values', async () => {
  const { stored, gatherer, door } = start('55');
  await gatherer.load(door);
  await gatherer.take(door, [part(1, null)]);
  expect(stored).toEqual({ values: ['alone1'], cursor: '55' });
  await gatherer.take(door, [part(2, null)], '56');
  expect(stored).toEqual({ values: ['alone1', 'alone2'], cursor: '56' });
});

test('what waits goes on also when something new comes before it was loaded', async () => {
  const before = start();
  await before.gatherer.take(before.door, [part(1), part(2)], '102');
  before.abort.abort();
  const after = start(before.stored.cursor);
  const elsewhere = { ...part(3, null), place: 'there' };
  const taken = after.gatherer.take(after.door, [elsewhere], '103');
  await Promise.all([taken, after.gatherer.load(after.door)]);
  await after.clock.pass(quietMs);
  await until('it comes out', () => after.stored.values.length === 2);
  expect(after.stored.values).toEqual(['alone3', 'A1+A2']);
});

test('the next process goes on with what waits', async () => {
  const before = start();
  await before.gatherer.take(before.door, [part(1), part(2)], '102');
  before.abort.abort();
  await before.clock.pass(quietMs);
  expect(before.stored.values).toEqual([]);
  const after = start(before.stored.cursor);
  await after.gatherer.load(after.door);
  expect(after.gatherer.offset()).toBe('102');
  await after.clock.pass(quietMs);
  await until('it comes out', () => after.stored.values.length === 1);
  expect(after.stored.values).toEqual(['A1+A2']);
});

test('what could not be stored is told and tried again; what was refused at the door is not taken', async () => {
  const { clock, stored, refused, state, gatherer, door } = start();
  state.rejects = 1;
  await expect(gatherer.take(door, [part(1)], '101')).rejects.toThrow('disk full');
  await gatherer.take(door, [part(1)], '101');
  state.rejects = 1;
  await clock.pass(quietMs);
  await until('it is told', () => refused.length === 1);
  expect(stored.values).toEqual([]);
  await clock.pass(quietMs);
  await until('it comes out', () => stored.values.length === 1);
});
