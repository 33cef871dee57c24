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
  // Tiro's own words ("queued") are no answers.
  const answers = seen.answers.filter((text) => text.includes('ANSWER'));
  const unmarked = answers.filter((text) => !text.includes(mark));
  const shown = (word: string, among: readonly string[]): number =>
    among.filter((text) => text.includes(word)).length;
  const marked = answers.length - unmarked.length;
  const order = answers.map((text) => (text.includes('first') ? 1 : 2));
  const times = (tool: string): number => seen.effects.filter((effect) => effect.tool === tool).length;
  const keys = new Set(seen.effects.filter(({ tool }) => tool === 'keep').map(({ key }) => key));
  const passed = (pattern: RegExp): number => seen.trace.filter((point) => pattern.test(point)).length;
  // Between the commit of an answer and that of its delivery nobody can know whether the call had left.
  const openSends = passed(/^before turns\.append \[.*\bend\]/) - passed(/^after outbox\.settle sent/);
  // A reply whose commit was passed before the kill must not be asked for again; three replies are needed in all.
  // A commit that had begun may have been made without the process living to note it.
  const committed = passed(/^after turns\.append \[.*\breply\b/);
  const begun = passed(/^before turns\.append \[.*\breply\b/);
  const checks: readonly (readonly [boolean, string])[] = [
    [
      shown('ANSWER first', unmarked) <= 1 && shown('ANSWER first', answers) >= 1,
      `first: ${answers.join(' | ')}`,
    ],
    [
      shown('ANSWER second', unmarked) <= 1 && shown('ANSWER second', answers) >= 1,
      `second: ${answers.join(' | ')}`,
    ],
    [marked <= openSends, `${marked} marked repeats, ${openSends} open sends`],
    [order.every((n, i) => i === 0 || n >= (order[i - 1] ?? 0)), `order ${order.join()}`],
    [times('ring') <= 1, `once tool ran ${times('ring')} times`],
    [keys.size <= 1, `keyed tool got ${keys.size} keys`],
    [times('keep') >= 1 && times('look') >= 1, 'a pure or keyed tool did not run'],
    [
      !seen.killed || (seen.callsAfter <= 3 - committed && seen.callsAfter >= 3 - begun),
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
