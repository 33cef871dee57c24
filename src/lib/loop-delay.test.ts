import { expect, onTestFinished, test } from 'vitest';
import { until } from '#test/until.ts';
import { createLoopDelay } from './loop-delay.ts';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('a delay is seen by every reader, and forgotten after its time', async () => {
  const delay = createLoopDelay({ windowMs: 300 });
  onTestFinished(delay.stop);
  // The monitor has to have looked once before: the first block may go unseen.
  const seen = await until('the delay is seen', () => {
    block(200);
    return delay.readP99Ms() > 100 && delay.readP99Ms();
  });
  expect(delay.readP99Ms()).toBeGreaterThan(100);
  await until('it is forgotten', () => delay.readP99Ms() < seen / 2);
});
