import { expect, test } from 'vitest';
import { createAgentWorld } from '#test/agent/world.ts';
import { allow, recordingTool } from '#test/agent/tools.ts';
import { type Scene, calls, fails, says } from '#test/fakes/scripted-model.ts';

test('a turn takes at most so many model calls', async () => {
  const world = await createAgentWorld({
    scenes: [calls(['now']), calls(['now'])],
    options: { maxModelCalls: 2 },
  });
  const turn = await world.ask('go');
  expect(await world.said('telegram:7')).toEqual([expect.stringMatching(/^I stopped: .*model calls/)]);
  expect((await world.steps(turn)).at(-1)).toMatchObject({ status: 'failed', reason: 'limit: calls' });
});

test('a turn takes at most so many tokens', async () => {
  const world = await createAgentWorld({ scenes: [calls(['now'])], options: { maxTurnTokens: 110 } });
  await world.ask('go');
  expect(await world.said('telegram:7')).toEqual([expect.stringMatching(/^I stopped: .*tokens/)]);
});

test('a turn takes at most so much time, and no outage is waited out beyond it', async () => {
  const slow = recordingTool('slow', {
    run: async () => {
      await world.clock.pass(31 * 60_000);
      return { ok: true, content: 'at last' };
    },
    timeoutMs: 3_600_000,
  });
  const world = await createAgentWorld({
    scenes: [calls(['slow'])],
    tools: [slow.tool],
    rules: allow('slow'),
    options: { outageMs: 3_600_000 },
  });
  const start = world.clock.now();
  await world.ask('go');
  expect(await world.said('telegram:7')).toEqual([expect.stringMatching(/^I stopped: .*time/)]);
  expect(world.model.requests[0]?.deadlineAt).toBe(start + 30 * 60_000);
});

test('an outage is waited out from the last step, or from when a turn goes on that was down itself', async () => {
  const world = await createAgentWorld({ scenes: [says('hi')] });
  await world.receive('go');
  const turn = await world.claim();
  await world.clock.pass(86_400_000);
  await world.run(turn);
  expect(world.model.requests[0]?.deadlineAt).toBe(world.clock.now() + 15 * 60_000);
});

test('the chat is told of an outage as soon as it is known to last', async () => {
  const told: string[] = [];
  const scene: Scene = ({ hooks }) => {
    hooks.onWaiting('test/m is rate limited.', world.clock.now() + 9_000);
    hooks.onWaiting('test/m is rate limited for long.', world.clock.now() + 600_000);
    return says('hi');
  };
  const deps = { tellWaiting: (_turn: unknown, reason: string) => void told.push(reason) };
  const world = await createAgentWorld({ scenes: [scene], deps });
  await world.ask('go');
  expect(told).toEqual(['test/m is rate limited for long.']);
});

test('a call that could go over the budget is not made, and the person reads why', async () => {
  const world = await createAgentWorld({
    scenes: [calls(['now'])],
    model: { upperUsd: 0.03 },
    budget: { perTurnUsd: 0.0305 },
  });
  const turn = await world.ask('go');
  expect(world.model.requests).toHaveLength(1);
  expect(await world.said('telegram:7')).toEqual([
    expect.stringMatching(
      /^This would go over the budget for this one answer: \$0\.0010 of \$0\.0305 is used or reserved/,
    ),
  ]);
  expect(await world.status(turn)).toBe('failed');
});

test('what is spent by one turn counts for the person’s day, and the day ends', async () => {
  const world = await createAgentWorld({
    scenes: [says('one', { costUsd: 0.03 }), says('next day')],
    model: { upperUsd: 0.03 },
    budget: { perPersonDayUsd: 0.05 },
  });
  await world.ask('first');
  await world.ask('second');
  expect((await world.said('telegram:7'))[1]).toMatch(/over the budget for today: \$0\.0300 of \$0\.0500/);
  await world.clock.pass(86_400_000);
  await world.ask('third');
  expect((await world.said('telegram:7'))[2]).toBe('next day');
});

test('a context that is too long is tried again with less history, each try settled', async () => {
  const world = await createAgentWorld({
    scenes: [
      ...Array.from({ length: 8 }, (_, i) => says(`answer ${i} ${'x'.repeat(4_000)}`)),
      fails('context-too-long'),
      fails('context-too-long'),
      says('short enough'),
    ],
    model: { contextTokens: 12_000, promptTokens: () => 1 },
  });
  for (let i = 0; i < 8; i += 1) await world.ask(`question ${i}`);
  const turn = await world.ask('and now');
  const sizes = world.model.requests.slice(-3).map(({ messages }) => messages.length);
  expect(sizes[0]).toBeGreaterThan(sizes[1] ?? 0);
  expect(sizes[1]).toBeGreaterThanOrEqual(sizes[2] ?? 0);
  expect(world.model.requests.at(-1)?.messages.at(-1)?.content).toContain('and now');
  expect((await world.said('telegram:7')).at(-1)).toBe('short enough');
  const spent = await world.store.spend.ofTurn(turn.id);
  expect(spent.map(({ settledAt }) => settledAt !== null)).toEqual([true, true, true]);
});

test('history that does not fit by the model’s own count is left out before the call', async () => {
  const world = await createAgentWorld({
    scenes: Array.from({ length: 9 }, (_, i) => says(`answer ${i} ${'x'.repeat(4_000)}`)),
    // A tokeniser that makes twice as many tokens as bytes let expect.
    model: {
      contextTokens: 16_000,
      promptTokens: ({ messages }) => Math.ceil(JSON.stringify(messages).length / 2),
    },
  });
  for (let i = 0; i < 9; i += 1) await world.ask(`question ${i}`);
  for (const { messages, maxOutputTokens } of world.model.requests) {
    expect(JSON.stringify(messages).length / 2 + maxOutputTokens).toBeLessThanOrEqual(16_000);
  }
});

test('a model with a small window is asked for a small answer', async () => {
  const world = await createAgentWorld({ scenes: [says('ok')], model: { contextTokens: 4_096 } });
  await world.ask('hi');
  expect(world.model.requests[0]?.maxOutputTokens).toBe(1_024);
});

test('results of one long turn shrink when they alone do not fit', async () => {
  const read = recordingTool('read', {
    run: () => ({ ok: true, content: 'x'.repeat(6_000) }),
    resultLimit: 8_000,
  });
  const world = await createAgentWorld({
    scenes: [calls(['read'], ['read'], ['read'], ['read']), says('read')],
    tools: [read.tool],
    rules: allow('read'),
    model: { contextTokens: 6_000 },
  });
  const turn = await world.ask('go');
  expect(await world.status(turn)).toBe('done');
  const results = world.model.requests[1]?.messages.filter(({ role }) => role === 'tool') ?? [];
  expect(results).toHaveLength(4);
  expect(results.every(({ content }) => content.includes('call expand with id'))).toBe(true);
});
