import { expect, test } from 'vitest';
import { runChain } from './chain.ts';
import type { Arm } from './gateway-process.ts';
import { type Seen, runScenario } from './run.ts';

/** How many go on side by side: each is a gateway and three fakes. */
const lanes = 3;
const mark = '(possibly repeated)';

test('kill -9 between every two steps of a turn: answered once, in order, nothing paid or done twice', async () => {
  const calm = await runScenario(null);
  expect(verdict(calm)).toEqual([]);
  const { around, within } = split(calm.trace);
  expect(within.length).toBeGreaterThan(30);
  const problems: string[] = [];
  const judge = (arm: Arm, seen: Seen): void => {
    problems.push(...verdict(seen).map((problem) => `${arm.point} #${arm.nth}: ${problem}`));
    if (seen.killed) killed.push(arm);
  };
  const killed: Arm[] = [];
  const queue = [...within];
  const chains = Array.from({ length: lanes }, async () => {
    for (const { arm, seen } of await runChain(() => queue.shift())) judge(arm, seen);
  });
  await Promise.all(chains);
  const alone = [...around];
  const scenarios = Array.from({ length: lanes }, async () => {
    for (let arm = alone.shift(); arm !== undefined; arm = alone.shift()) judge(arm, await runScenario(arm));
  });
  await Promise.all(scenarios);
  expect(problems).toEqual([]);
  // Some steps come in another order, or not at all, when the other one was faster.
  expect(killed.length).toBeGreaterThan((around.length + within.length) * 0.8);
}, 300_000);

/** What a start and a stop pass, which need a process of their own, and what two messages pass in between. */
function split(trace: readonly string[]): {
  readonly around: readonly Arm[];
  readonly within: readonly Arm[];
} {
  const begin = trace.findIndex((point) => point === 'before events.accept');
  const end = trace.findLastIndex((point) => point === 'before boots.stopped');
  const all = numbered(trace);
  return {
    around: all.filter((_, index) => index < begin || index >= end),
    within: numbered(trace.slice(begin, end)),
  };
}

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
  // On a busy machine the second message is told that it waits: one more delivery.
  const said = passed(/^before (turns\.append \[.*\bend\]|conversations\.say)/);
  // Between the commit of an answer and that of its delivery nobody can know whether the call had left.
  const openSends = said - passed(/^after outbox\.settle sent/);
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
function numbered(trace: readonly string[]): readonly Arm[] {
  return trace.map((point, index) => ({
    point,
    nth: trace.slice(0, index + 1).filter((earlier) => earlier === point).length,
  }));
}
