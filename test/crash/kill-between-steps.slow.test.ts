import { expect, test } from 'vitest';
import { type Seen, runScenario } from './run.ts';

/** How many scenarios run side by side: each is two processes and two fakes. */
const lanes = 3;
const mark = '(possibly repeated)';

test('kill -9 between every two steps of a turn: answered once, in order, nothing paid or done twice', async () => {
  const calm = await runScenario(null);
  expect(verdict(calm)).toEqual([]);
  const points = numbered(calm.trace);
  expect(points.length).toBeGreaterThan(30);
  const problems: string[] = [];
  const queue = [...points];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
        const found = verdict(await runScenario(point));
        problems.push(...found.map((problem) => `${point?.point} #${point?.nth}: ${problem}`));
      }
    }),
  );
  expect(problems).toEqual([]);
}, 300_000);

/** What the outside saw that should not be. */
function verdict(seen: Seen): readonly string[] {
  const unmarked = seen.answers.filter((text) => !text.includes(mark));
  const first = unmarked.filter((text) => text.includes('ANSWER first')).length;
  const second = unmarked.filter((text) => text.includes('ANSWER second')).length;
  const marked = seen.answers.length - unmarked.length;
  const sendWasOpen =
    seen.trace.at(-1)?.includes('adapter.send') === true || seen.trace.at(-1) === 'before outbox.settle sent';
  const order = seen.answers.map((text) => (text.includes('first') ? 1 : 2));
  const times = (tool: string): number => seen.effects.filter((effect) => effect.tool === tool).length;
  const keys = new Set(seen.effects.filter(({ tool }) => tool === 'keep').map(({ key }) => key));
  // A reply whose commit was passed before the kill must not be asked for again; three replies are needed in all.
  const committed = seen.trace.filter((point) => /^after turns\.append \[.*\breply\b/.test(point)).length;
  const checks: readonly (readonly [boolean, string])[] = [
    [first + (marked > 0 ? 1 : 0) >= 1 && first <= 1, `first answer shown ${first} times unmarked`],
    [second + (marked > 0 ? 1 : 0) >= 1 && second <= 1, `second answer shown ${second} times unmarked`],
    [
      marked === 0 || (marked === 1 && sendWasOpen),
      `${marked} marked repeats, last passed: ${seen.trace.at(-1)}`,
    ],
    [order.every((n, i) => i === 0 || n >= (order[i - 1] ?? 0)), `order ${order.join()}`],
    [times('ring') <= 1, `once tool ran ${times('ring')} times`],
    [keys.size <= 1, `keyed tool got ${keys.size} keys`],
    [times('keep') >= 1 && times('look') >= 1, 'a pure or keyed tool did not run'],
    [
      !seen.killed || seen.callsAfter === 3 - committed,
      `${seen.callsAfter} model calls after ${committed} committed replies`,
    ],
  ];
  return checks.filter(([ok]) => !ok).map(([, problem]) => problem);
}

/** Each failpoint of the calm run with its number among those of its name. */
function numbered(trace: readonly string[]): { readonly point: string; readonly nth: number }[] {
  return trace.map((point, index) => ({
    point,
    nth: trace.slice(0, index + 1).filter((earlier) => earlier === point).length,
  }));
}
