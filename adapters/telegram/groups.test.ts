import { expect, test } from 'vitest';
import { createGroups } from './groups.ts';

test('groups that strangers put the bot into do not pile up, by moves either', async () => {
  const rows = new Map<string, string>();
  const groups = createGroups({
    get: (key) => Promise.resolve(rows.get(key) ?? null),
    set: (key, value) => {
      rows.set(key, value ?? '');
      return Promise.resolve();
    },
  });
  await groups.met('-1');
  for (let n = 1; n <= 500; n += 1) await groups.moved({ from: -n - 1_000, to: -100_000 - n });
  expect(await groups.all()).toHaveLength(200);
  // One that is known still moves.
  await groups.moved({ from: -1, to: -7 });
  expect([await groups.idNow('-1'), await groups.firstId('-7')]).toEqual([-7, '-1']);
});
