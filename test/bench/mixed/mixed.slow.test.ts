import { expect, test } from 'vitest';
import { mixedBench } from './index.ts';

test('all channels in one gateway, with kills and outages: nothing lost, nothing done twice', async () => {
  const args = ['--messages', '120', '--kills', '2', '--think', '300', '--seed', '3'];
  const { figures } = await mixedBench.prepare(args).run(() => undefined, new AbortController().signal);
  expect(figures).toMatchObject({
    lost: 0,
    duplicated: 0,
    reordered: 0,
    effectsTwice: 0,
    modelCallsRepeatedAfterCommit: 0,
    kills: 2,
    integrity: 'ok',
    problems: 0,
  });
  // It is mixed only if each of them was spoken to.
  const said = Object.values(Object(figures['said']));
  expect(said.length).toBeGreaterThan(3);
  for (const count of said) expect(count).toBeGreaterThan(0);
}, 120_000);
