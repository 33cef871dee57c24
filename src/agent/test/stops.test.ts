import { expect, test } from 'vitest';
import { createAgentWorld } from '#test/agent/world.ts';
import { allow, recordingTool } from '#test/agent/tools.ts';
import { calls, hangs, says } from '#test/fakes/scripted-model.ts';
import { until } from '#test/until.ts';

test('a stop leaves the row running: the next boot goes on with it, and nothing is charged for words never seen', async () => {
  const world = await createAgentWorld({ scenes: [hangs(), says('late')] });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('the model is called', () => world.model.requests.length === 1);
  running.stop();
  expect(await ended).toBe('left');
  expect(await world.status(turn)).toBe('running');
  expect(await world.store.spend.ofTurn(turn.id)).toMatchObject([{ costUsd: 0, model: 'test/m' }]);
  expect(await world.run(turn)).toBe('ended');
  expect(await world.said('telegram:7')).toEqual(['late']);
});

test('an answer that had begun when it was stopped counts with its upper estimate', async () => {
  const world = await createAgentWorld({ scenes: [hangs('Once')] });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('it is shown', () => world.shown.length === 1);
  running.stop();
  expect(await ended).toBe('left');
  expect(await world.store.spend.ofTurn(turn.id)).toMatchObject([{ costUsd: 0.01 }]);
});

test.each([
  ['pure', 'stopped before it ran'],
  ['once', 'may or may not have happened'],
] as const)('a %s call in the middle of /stop: the next turn knows how it stands', async (effect, words) => {
  const act = recordingTool('act', { effect, run: () => new Promise(() => undefined) });
  const world = await createAgentWorld({
    scenes: [calls(['act']), says('ok')],
    tools: [act.tool],
    rules: allow('act'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('it runs', () => act.runs.length === 1);
  await world.store.turns.stop({
    conversation: turn.conversation,
    by: 'ann',
    upTo: null,
    at: world.clock.now(),
  });
  running.stop();
  await world.clock.pass(500);
  expect(await ended).toBe('left');
  expect(act.runs[0]?.signal.aborted).toBe(true);
  await world.ask('what happened?');
  const shown = world.model.requests[1]?.messages;
  expect(shown?.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool', 'user']);
  expect(shown?.[3]?.content).toContain(words);
});

test('calls that have not begun when the stop comes are not begun', async () => {
  const acts = recordingTool('act', {
    effect: 'once',
    run: () => {
      running.stop();
      return { ok: true, content: 'done' };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['act'], ['act'])],
    tools: [acts.tool],
    rules: allow('act'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  expect(await world.run(running)).toBe('left');
  expect(acts.runs).toHaveLength(1);
  expect(await world.kinds(turn)).toEqual(['input', 'reply', 'intent', 'result']);
});

test('messages that join cancel the model call in flight; it is made again with all of them', async () => {
  const world = await createAgentWorld({ scenes: [hangs(), says('both')] });
  await world.receive('first');
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('the model is called', () => world.model.requests.length === 1);
  await world.receive('second');
  await running.join();
  expect(await ended).toBe('ended');
  const user = world.model.requests[1]?.messages.at(-1)?.content;
  expect(user).toMatch(/^first\n\n\(sent [^\n]+\)\n\nsecond\n\n\(sent [^\n]+\)$/);
  expect(await world.kinds(turn)).toEqual(['input', 'input', 'reply', 'end']);
  expect(world.shown).toContainEqual(expect.objectContaining({ type: 'restart' }));
});

test('a message that joins while the answer is about to be committed is not lost behind it', async () => {
  const world = await createAgentWorld({
    scenes: [
      async () => {
        await world.receive('second');
        // The join is being written when the answer is complete: too late to cancel the call.
        void running.join();
        return says('only the first');
      },
      says('both'),
    ],
  });
  await world.receive('first');
  const turn = await world.claim();
  const running = world.enter(turn);
  expect(await world.run(running)).toBe('ended');
  expect(world.model.requests[1]?.messages.at(-1)?.content).toContain('second');
  expect(await world.said('telegram:7')).toEqual(['both']);
  const spent = await world.store.spend.ofTurn(turn.id);
  expect(spent.map(({ costUsd }) => costUsd)).toEqual([0.001, 0.001]);
});

test('a message that comes after the answer was closed waits for the next turn', async () => {
  const world = await createAgentWorld({
    scenes: [calls(['now']), says('first'), says('second')],
  });
  await world.receive('one');
  const turn = await world.claim();
  const running = world.enter(turn);
  const closed = world.run(running);
  await closed;
  await world.receive('two');
  await running.join();
  await world.next();
  expect(await world.said('telegram:7')).toEqual(['first', 'second']);
});

test('after a committed reply nothing joins: neither now nor at the next boot', async () => {
  const look = recordingTool('look', {
    run: async (_text, { turn }) => {
      await world.receive('too late');
      await running.join();
      const row = await world.store.turns.get(turn);
      expect(row?.sealed).toBe(true);
      return { ok: true, content: 'seen' };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['look']), says('done')],
    tools: [look.tool],
    rules: allow('look'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  await world.run(running);
  expect(await world.results(turn)).toMatchObject([{ outcome: 'ok' }]);
  expect(await world.kinds(turn)).toEqual(['input', 'reply', 'intent', 'result', 'reply', 'end']);
});

test('with steer what waits joins at the next step', async () => {
  const look = recordingTool('look', {
    run: async () => {
      await world.receive('rather this');
      return { ok: true, content: 'seen' };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['look']), says('this')],
    tools: [look.tool],
    rules: allow('look'),
    steers: true,
  });
  const turn = await world.ask('go');
  expect(world.model.requests[1]?.messages.at(-1)?.content).toContain('rather this');
  expect(await world.kinds(turn)).toEqual(['input', 'reply', 'intent', 'result', 'input', 'reply', 'end']);
});
