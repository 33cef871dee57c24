import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { createAgentWorld } from '#test/agent/world.ts';
import { allow, recordingTool } from '#test/agent/tools.ts';
import { calls, says } from '#test/fakes/scripted-model.ts';
import { until } from '#test/until.ts';

test('pure calls run side by side, the others one after another behind them, in the order of the model', async () => {
  const happened: string[] = [];
  const both = Promise.withResolvers<void>();
  const meet = async (text: string) => {
    happened.push(`pure ${text} began`);
    if (happened.length === 2) both.resolve();
    await both.promise;
    return { ok: true, content: text };
  };
  const act = (name: string) => (text: string) => {
    happened.push(`${name} ${text}`);
    return { ok: true, content: text };
  };
  const look = recordingTool('look', { run: meet });
  const put = recordingTool('put', { effect: 'keyed', run: act('put') });
  const send = recordingTool('send', { effect: 'once', run: act('send') });
  const world = await createAgentWorld({
    scenes: [
      calls(
        ['send', { text: '1' }],
        ['look', { text: 'a' }],
        ['put', { text: '2' }],
        ['look', { text: 'b' }],
      ),
      says('done'),
    ],
    tools: [look.tool, put.tool, send.tool],
    rules: allow('look', 'put', 'send'),
  });
  const turn = await world.ask('go');
  expect(happened).toEqual(['pure a began', 'pure b began', 'send 1', 'put 2']);
  expect(await world.status(turn)).toBe('done');
});

test('an intent is a row before its call acts, and the result is one after', async () => {
  const seen: string[][] = [];
  const act = recordingTool('act', {
    effect: 'once',
    run: async (text, { turn }) => {
      const steps = await world.store.steps.ofTurn(turn);
      seen.push(steps.map(({ body }) => body.kind));
      return { ok: true, content: text };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['act', { text: '1' }], ['act', { text: '2' }]), says('done')],
    tools: [act.tool],
    rules: allow('act'),
  });
  const turn = await world.ask('go');
  expect(seen).toEqual([
    ['input', 'reply', 'intent'],
    ['input', 'reply', 'intent', 'result', 'intent'],
  ]);
  expect(await world.kinds(turn)).toEqual([...(seen[1] ?? []), 'result', 'reply', 'end']);
  expect(new Set(act.runs.map((run) => run.effectKey)).size).toBe(2);
});

test('an unknown tool, malformed arguments and a denied tool go back to the model as results', async () => {
  const hidden = recordingTool('hidden');
  const world = await createAgentWorld({
    scenes: [
      calls(
        ['nothing'],
        { id: 'b', name: 'expand', arguments: '{"id": "x"' },
        { id: 'c', name: 'expand', arguments: '{"id": 1.5}' },
        ['hidden'],
      ),
      says('I see'),
    ],
    tools: [hidden.tool],
    rules: [{ tool: 'hidden', decision: 'deny' }],
  });
  const turn = await world.ask('go');
  const results = await world.results(turn);
  expect(results.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'error', 'denied']);
  expect(results[0]?.content).toBe('There is no tool named nothing.');
  expect(results[1]?.content).toContain('(arguments): ');
  expect(results[2]?.content).toContain('id: ');
  expect(results[3]?.content).toContain('a rule denies this tool');
  expect(hidden.runs).toEqual([]);
});

test('odd and repeated call ids are replaced, so that every call has a result and a key of its own', async () => {
  const put = recordingTool('put', { effect: 'keyed' });
  const call = (id: string, text: string) => ({ id, name: 'put', arguments: JSON.stringify({ text }) });
  const world = await createAgentWorld({
    scenes: [
      calls(call('call_1', 'a'), call('approved:7F3K:x', 'b'), call('call_1', 'c'), call('', 'd')),
      says('done'),
    ],
    tools: [put.tool],
    rules: allow('put'),
  });
  const turn = await world.ask('go');
  const results = await world.results(turn);
  expect(results.map(({ content }) => content)).toEqual(['a', 'b', 'c', 'd'].map((x) => `put did ${x}`));
  expect(new Set(results.map(({ callId }) => callId)).size).toBe(4);
  expect(new Set(put.runs.map((run) => run.effectKey)).size).toBe(4);
  expect(results.every(({ callId }) => /^[\w-]+$/.test(callId))).toBe(true);
});

test('calls of two replies with one id have keys of their own', async () => {
  const put = recordingTool('put', { effect: 'keyed' });
  const again = calls({ id: 'same', name: 'put', arguments: '{}' });
  const world = await createAgentWorld({
    scenes: [again, again, says('done')],
    tools: [put.tool],
    rules: allow('put'),
  });
  await world.ask('go');
  expect(new Set(put.runs.map((run) => run.effectKey)).size).toBe(2);
});

test('an odd tool name is taken back by the provider', async () => {
  const world = await createAgentWorld({
    scenes: [calls({ id: 'a', name: 'rm -rf / <now>', arguments: '' }), says('no')],
  });
  await world.ask('go');
  const call = world.model.requests[1]?.messages.find((message) => message.role === 'assistant');
  expect(call?.toolCalls).toEqual([{ id: 'a', name: 'rm_-rf____now_', arguments: '{}' }]);
});

test('a tool that ignores its signal does not hold the turn', async () => {
  const deaf = recordingTool('deaf', { timeoutMs: 5_000, run: () => new Promise(() => undefined) });
  const world = await createAgentWorld({
    scenes: [calls(['deaf']), says('it hangs')],
    tools: [deaf.tool],
    rules: allow('deaf'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const ended = world.run(turn);
  await until('it runs', () => deaf.runs.length === 1);
  await world.clock.pass(6_000);
  expect(await ended).toBe('ended');
  expect(await world.results(turn)).toMatchObject([
    { outcome: 'error', content: 'It did not work: there was no result within 5 s.' },
  ]);
  expect(deaf.runs[0]?.signal.aborted).toBe(true);
});

test('a tool that heeds its signal may say how far it got', async () => {
  const slow = recordingTool('slow', {
    effect: 'once',
    timeoutMs: 5_000,
    run: (_text, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ ok: false, content: 'killed at line 3' }));
      }),
  });
  const world = await createAgentWorld({
    scenes: [calls(['slow']), says('it was killed')],
    tools: [slow.tool],
    rules: allow('slow'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const ended = world.run(turn);
  await until('it runs', () => slow.runs.length === 1);
  await world.clock.pass(5_000);
  await ended;
  expect(await world.results(turn)).toMatchObject([{ outcome: 'error', content: 'killed at line 3' }]);
});

test.each(['keyed', 'once'] as const)(
  'a %s call without a result in time may have happened: model and person are told so, and it is not repeated',
  async (effect) => {
    const slow = recordingTool('slow', { effect, timeoutMs: 5_000, run: () => new Promise(() => undefined) });
    const world = await createAgentWorld({
      scenes: [calls(['slow']), says('hm')],
      tools: [slow.tool],
      rules: allow('slow'),
    });
    await world.receive('go');
    const turn = await world.claim();
    const ended = world.run(turn);
    await until('it runs', () => slow.runs.length === 1);
    await world.clock.pass(6_000);
    await ended;
    expect(await world.results(turn)).toMatchObject([{ outcome: 'unknown' }]);
    expect(JSON.stringify(world.model.requests[1]?.messages.at(-1))).toContain('Outcome unknown');
    expect(await world.said('telegram:7')).toEqual([expect.stringMatching(/do not know whether/), 'hm']);
    expect(slow.runs).toHaveLength(1);
  },
);

test.each([true, false])(
  'a tool that throws (at once: %s) ends as a result; what it threw is in the log and nowhere else',
  async (atOnce) => {
    const secret = 'connect postgres://ann:hunter2@db failed at /home/ann/.ssh/id';
    const run = () => {
      throw new Error(secret);
    };
    const bad = recordingTool('bad');
    const tool = {
      ...bad.tool,
      prepare: () => ({ ok: true as const, canonical: '{}', run: atOnce ? run : async () => run() }),
    };
    const world = await createAgentWorld({
      scenes: [calls(['bad']), says('sorry')],
      tools: [tool],
      rules: allow('bad'),
    });
    const turn = await world.ask('go');
    expect(await world.results(turn)).toMatchObject([{ outcome: 'error' }]);
    expect(JSON.stringify([await world.steps(turn), world.model.requests])).not.toContain('hunter2');
    expect(world.log.lines).toMatchObject([
      { level: 'error', event: 'tool.failed', fields: { tool: 'bad' } },
    ]);
  },
);

test('a store that is away while a tool runs is not the tool’s failure: the run is given up, the turn goes on later', async () => {
  const put = recordingTool('put', {
    effect: 'keyed',
    run: () => {
      if (put.runs.length === 1) throw new TiroError('store-unavailable', 'The disk is full.');
      return { ok: true, content: 'put' };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['put']), says('done')],
    tools: [put.tool],
    rules: allow('put'),
  });
  await world.receive('go');
  const turn = await world.claim();
  await expect(world.run(turn)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await world.run(turn)).toBe('ended');
  expect(put.runs.map((run) => run.effectKey)).toEqual([put.runs[0]?.effectKey, put.runs[0]?.effectKey]);
  expect(await world.results(turn)).toMatchObject([{ outcome: 'ok', content: 'put' }]);
});

test('when one of several pure calls cannot be committed, none goes on behind the back of the next attempt', async () => {
  const gate = Promise.withResolvers<void>();
  let isOver = false;
  const slow = recordingTool('slow', {
    run: async () => {
      await gate.promise;
      return { ok: true, content: 'late' };
    },
  });
  const lost = recordingTool('lost', {
    run: () => {
      throw new TiroError('store-unavailable', 'The disk is full.');
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['lost'], ['slow'])],
    tools: [slow.tool, lost.tool],
    rules: allow('slow', 'lost'),
  });
  await world.receive('go');
  const turn = await world.claim();
  const run = world.run(turn).catch((error: unknown) => {
    isOver = true;
    return error;
  });
  await until('both run', () => slow.runs.length + lost.runs.length === 2);
  await world.store.steps.lastSeq();
  expect(isOver).toBe(false);
  gate.resolve();
  expect(await run).toMatchObject({ code: 'store-unavailable' });
  expect(await world.results(turn)).toMatchObject([{ tool: 'slow', content: 'late' }]);
});

test('a result over the limit is folded for the model, kept whole, and read on with expand', async () => {
  const long = Array.from({ length: 3_000 }, (_, i) => `line ${i}`).join('\n');
  const read = recordingTool('read', { run: () => ({ ok: true, content: long }), resultLimit: 1_000 });
  const world = await createAgentWorld({
    scenes: [
      calls(['read']),
      ({ request }) => {
        const folded = request.messages.at(-1)?.content ?? '';
        const [, id, offset] = /expand with id (\d+) and offset (\d+)/.exec(folded) ?? [];
        expect(folded.length).toBeLessThan(1_200);
        expect(folded.startsWith('line 0\n') && folded.endsWith('line 2999')).toBe(true);
        return calls(['expand', { id: Number(id), offset: Number(offset) }]);
      },
      says('read'),
    ],
    tools: [read.tool],
    rules: allow('read'),
  });
  const turn = await world.ask('go');
  const [whole, page] = await world.results(turn);
  expect(whole?.content).toBe(long);
  expect(page?.content.slice(0, 8_000)).toBe(long.slice(700, 8_700));
  expect(page?.content).toContain('offset 8700]');
});

test('what is stored of a result has a limit, and says what is missing', async () => {
  const read = recordingTool('read', { run: () => ({ ok: true, content: 'x'.repeat(5_000) }) });
  const world = await createAgentWorld({
    scenes: [calls(['read']), says('read')],
    tools: [read.tool],
    rules: allow('read'),
    options: { maxResultChars: 2_000 },
  });
  const [result] = await world.results(await world.ask('go'));
  expect(result?.content).toBe(`${'x'.repeat(2_000)}\n[3000 characters more were not kept]`);
});

test('a turn makes at most so many calls; those beyond do not run and say so', async () => {
  const look = recordingTool('look');
  const world = await createAgentWorld({
    scenes: [calls(['look'], ['look']), calls(['look'], ['look'], ['look']), says('enough')],
    tools: [look.tool],
    rules: allow('look'),
    options: { maxToolCalls: 3 },
  });
  const turn = await world.ask('go');
  expect(look.runs).toHaveLength(3);
  const outcomes = (await world.results(turn)).map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual(['error', 'error', 'ok', 'ok', 'ok']);
  expect(await world.status(turn)).toBe('done');
});

test('when the time of a turn is over, calls that wait for their place do not run', async () => {
  const act = recordingTool('act', {
    effect: 'once',
    timeoutMs: 3_600_000,
    run: async (text) => {
      await world.clock.pass(40 * 60_000);
      return { ok: true, content: text };
    },
  });
  const world = await createAgentWorld({
    scenes: [calls(['act'], ['act'])],
    tools: [act.tool],
    rules: allow('act'),
  });
  const turn = await world.ask('go');
  expect(act.runs).toHaveLength(1);
  expect((await world.results(turn)).map(({ outcome }) => outcome)).toEqual(['ok', 'error']);
  expect((await world.steps(turn)).at(-1)).toMatchObject({ reason: 'limit: time' });
});
