import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Release, type Ticket, backgroundPatience, createFairQueue } from './fair-queue.ts';

const never = new AbortController().signal;

/** Enters in the given order and writes down, in the order of being served, who got a place. */
function served(
  tickets: readonly Ticket[],
  limit: number,
): { places: Release[]; order: number[]; done: Promise<unknown> } {
  const queue = createFairQueue(() => limit);
  const places: Release[] = [];
  const order: number[] = [];
  const done = Promise.all(
    tickets.map(async (ticket, index) => {
      const place = await queue.enter(ticket, never);
      order.push(index);
      if (place !== null) places.push(place);
    }),
  );
  return { places, order, done };
}

/** Gives places back one at a time until everybody was served. */
async function drain(run: ReturnType<typeof served>, total: number): Promise<readonly number[]> {
  while (run.order.length < total || run.places.length > 0) {
    await Promise.resolve();
    run.places.shift()?.();
  }
  await run.done;
  return run.order;
}

const ticketArb: fc.Arbitrary<Ticket> = fc.record({
  person: fc.constantFrom('ann', 'bob', 'cy', 'dee'),
  lane: fc.constantFrom('interactive', 'background'),
});

test('everybody is served once, in order within a person and lane', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(ticketArb, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      async (tickets, limit) => {
        const order = await drain(served(tickets, limit), tickets.length);
        expect([...order].sort((a, b) => a - b)).toEqual(tickets.map((_, index) => index));
        const lines = Object.groupBy(order, (index) => `${tickets[index]?.person}/${tickets[index]?.lane}`);
        for (const line of Object.values(lines))
          expect(line).toEqual([...(line ?? [])].sort((a, b) => a - b));
      },
    ),
    { numRuns: 60 },
  );
});

test('never above the limit, never a free place while somebody waits, and an abort leaves the queue', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), ticket: ticketArb }),
    fc.record({ kind: fc.constant('release' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('abort' as const), at: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, limit) => {
        const queue = createFairQueue(() => limit);
        const held: Release[] = [];
        const aborts: AbortController[] = [];
        let settled = 0;
        const enter = async (ticket: Ticket, signal: AbortSignal): Promise<void> => {
          const place = await queue.enter(ticket, signal);
          settled += 1;
          if (place !== null) held.push(place);
        };
        const entering: Promise<void>[] = [];
        for (const move of steps) {
          if (move.kind === 'enter') {
            const controller = new AbortController();
            aborts.push(controller);
            entering.push(enter(move.ticket, controller.signal));
          } else if (move.kind === 'release') held.splice(move.at % Math.max(1, held.length), 1)[0]?.();
          else aborts[move.at % Math.max(1, aborts.length)]?.abort();
          await Promise.resolve();
          await Promise.resolve();
          expect(queue.active()).toBe(held.length);
          expect(queue.active()).toBeLessThanOrEqual(limit);
          if (queue.waiting() > 0) expect(queue.active()).toBe(limit);
          expect(queue.waiting()).toBe(entering.length - settled);
        }
        for (const controller of aborts) controller.abort();
        expect(queue.waiting()).toBe(0);
        await Promise.all(entering);
      },
    ),
    { numRuns: 100 },
  );
});

test('a changed limit holds from the next step on, and throws nobody out', async () => {
  let limit = 1;
  const queue = createFairQueue(() => limit);
  const first = queue.tryEnter();
  const second = queue.enter({ person: 'ann', lane: 'interactive' }, never);
  limit = 2;
  const third = queue.enter({ person: 'ann', lane: 'interactive' }, never);
  expect(await second).not.toBeNull();
  limit = 1;
  first?.();
  expect([queue.active(), queue.waiting()]).toEqual([1, 1]);
  (await second)?.();
  expect(await third).not.toBeNull();
});

test('people take turns: a backlog of one delays nobody else', async () => {
  const backlog = Array.from({ length: 20 }, () => ({ person: 'ann', lane: 'interactive' }) as const);
  const order = await drain(
    served([...backlog, { person: 'bob', lane: 'interactive' }, { person: 'cy', lane: 'interactive' }], 1),
    22,
  );
  // Place 0 was free at once; of those who waited, ann, bob and cy come first.
  expect(order.slice(0, 4)).toEqual([0, 1, 20, 21]);
});

test('interactive goes before background that came earlier', async () => {
  const order = await drain(
    served(
      [
        { person: 'ann', lane: 'background' },
        { person: 'ann', lane: 'background' },
        { person: 'bob', lane: 'interactive' },
      ],
      1,
    ),
    3,
  );
  expect(order).toEqual([0, 2, 1]);
});

test('background is served at last however many interactive ones keep coming', async () => {
  const interactive = Array.from({ length: 200 }, () => ({ person: 'ann', lane: 'interactive' }) as const);
  const order = await drain(served([...interactive, { person: 'bob', lane: 'background' }], 1), 201);
  expect(order.indexOf(200)).toBe(1 + backgroundPatience);
});

test('a place given back twice is one place', () => {
  const queue = createFairQueue(() => 1);
  const place = queue.tryEnter();
  place?.();
  place?.();
  expect(queue.active()).toBe(0);
  expect(queue.tryEnter()).not.toBeNull();
  expect(queue.tryEnter()).toBeNull();
});
