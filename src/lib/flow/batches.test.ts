import { expect, test } from 'vitest';
import { createBatches } from './batches.ts';

function setUp(most = 10) {
  const runs: (readonly string[])[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const held = new Set<string>();
  const batches = createBatches<string>({
    most,
    isHeld: (item) => held.has(item),
    run: (items) => {
      runs.push(items);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
  });
  return { runs, gates, held, batches };
}

test('what comes while a run lasts is the next run, in order', async () => {
  const { runs, gates, batches } = setUp(3);
  const done = ['a', 'b', 'c', 'd', 'e'].map((item) => batches.add(item));
  expect(runs).toEqual([['a']]);
  gates[0]?.resolve();
  await done[0];
  await Promise.resolve();
  expect(runs).toEqual([['a'], ['b', 'c', 'd']]);
  gates[1]?.resolve();
  await done[3];
  gates[2]?.resolve();
  await done[4];
  expect(runs[2]).toEqual(['e']);
});

test('a run that fails fails its items, and the next goes on', async () => {
  const { runs, gates, batches } = setUp();
  const first = batches.add('a');
  const second = batches.add('b');
  gates[0]?.reject(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  gates[1]?.resolve();
  await second;
  expect(runs).toEqual([['a'], ['b']]);
});

test('what is held waits in its place until it may go', async () => {
  const { runs, gates, held, batches } = setUp();
  held.add('a');
  const first = batches.add('a');
  const second = batches.add('b');
  gates[0]?.resolve();
  await second;
  held.clear();
  batches.go();
  gates[1]?.resolve();
  await first;
  expect(runs).toEqual([['b'], ['a']]);
});
