import { expect, test } from 'vitest';
import { type AgentWorld, createAgentWorld } from '#test/agent/world.ts';
import { allow, recordingTool } from '#test/agent/tools.ts';
import { type Scene, calls, says } from '#test/fakes/scripted-model.ts';
import { withVerbs } from '#test/kernel/ground.ts';

async function pendingOf(world: AgentWorld) {
  return (await world.store.approvals.list({ status: 'pending', chat: null, limit: 10 })).toReversed();
}

async function parked(...after: readonly Scene[]) {
  const act = recordingTool('act', { effect: 'once' });
  const world = await createAgentWorld({
    scenes: [calls(['act', { text: 'the thing' }]), ...after],
    tools: [act.tool],
  });
  const turn = await world.ask('do it');
  const [approval] = await pendingOf(world);
  if (approval === undefined) throw new Error('Nothing was asked.');
  return { world, act, turn, approval };
}

test('an ask parks the turn: allowed calls beside it ran, the model is not called again, the person sees the plan', async () => {
  const look = recordingTool('look');
  const act = recordingTool('act', { effect: 'once' });
  const world = await createAgentWorld({
    scenes: [calls(['act', { text: 'x' }], ['look'])],
    tools: [look.tool, act.tool],
    rules: allow('look'),
  });
  const turn = await world.ask('go');
  const [approval] = await pendingOf(world);
  expect(await world.status(turn)).toBe('parked');
  expect([look.runs.length, act.runs.length]).toEqual([1, 0]);
  const outcomes = (await world.results(turn)).map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual(['awaiting-approval', 'ok']);
  const [said] = await world.said('telegram:7');
  expect(said).toContain(`Approval ${approval?.id ?? '?'}`);
  expect(said).toContain('{"text":"x"}');
  const [row] = await world.store.outbox.ofTurn(turn.id);
  expect(row?.body).toMatchObject({ buttons: [{ value: `/approve ${approval?.id ?? '?'}` }, {}] });
});

test('words beside an ask are shown once: the step has them already', async () => {
  const act = recordingTool('act');
  const ask = calls(['act']);
  const scene = ask.ok ? says('I would do this.', { ...ask.reply, text: 'I would do this.' }) : ask;
  const world = await createAgentWorld({ scenes: [scene], tools: [act.tool] });
  const turn = await world.ask('go');
  const notice = (await world.steps(turn)).find((body) => body.kind === 'notice');
  expect(notice?.text).toMatch(/^\*\*Approval/);
  expect(await world.said('telegram:7')).toEqual([expect.stringMatching(/^I would do this\.\s+\W*Approval/)]);
});

test('several asks are shown in the order of their calls', async () => {
  const act = recordingTool('act');
  const world = await createAgentWorld({
    scenes: [calls(['act', { text: 'one' }], ['act', { text: 'two' }], ['act', { text: 'three' }])],
    tools: [act.tool],
  });
  const turn = await world.ask('go');
  const notice = (await world.steps(turn)).find((body) => body.kind === 'notice');
  expect(notice?.text.match(/one|two|three/g)).toEqual(['one', 'two', 'three']);
});

test('a decision turn runs exactly the stored plan, once, and the turn goes on with its result', async () => {
  const { world, act, approval } = await parked(says('It is done.'));
  await world.decide(approval.id, 'approved');
  const turn = await world.next();
  expect(act.runs.map(({ text }) => text)).toEqual(['the thing']);
  expect(await world.kinds(turn)).toEqual(['decision', 'intent', 'result', 'reply', 'end']);
  const last = world.model.requests.at(-1)?.messages.at(-1);
  expect(last?.role).toBe('user');
  expect(last?.content).toMatch(
    /ann approved .*It runs now\.\]\n\n\[Result of the approved call of act\]\nact did the thing$/,
  );
});

test('a plan that is not the approved one any more does not run', async () => {
  const { world, act, approval } = await parked();
  await world.decide(approval.id, 'approved');
  const changed = recordingTool('act', { effect: 'once' });
  // The same arguments now parse to something else: another version of the tool.
  const tool = {
    ...changed.tool,
    prepare: () => changed.tool.prepare('{"text":"something else"}'),
  };
  const later = await createAgentWorld({ ground: world, scenes: [says('It did not run.')], tools: [tool] });
  const turn = await later.next();
  expect([act.runs.length, changed.runs.length]).toEqual([0, 0]);
  expect(await later.results(turn)).toMatchObject([
    { outcome: 'error', content: 'The call is not the one that was approved. It did not run.' },
  ]);
});

test('a yes does not outweigh a rule that denies the tool since', async () => {
  const { world, act, approval } = await parked();
  await world.decide(approval.id, 'approved');
  const rules = [{ tool: 'act', decision: 'deny' }] as const;
  const later = await createAgentWorld({ ground: world, scenes: [says('no')], tools: [act.tool], rules });
  expect(await later.results(await later.next())).toMatchObject([{ outcome: 'denied' }]);
  expect(act.runs).toEqual([]);
});

test('an approved tool that is gone does not run, and the model is told', async () => {
  const { world, approval } = await parked();
  await world.decide(approval.id, 'approved');
  const later = await createAgentWorld({ ground: world, scenes: [says('gone')] });
  const [result] = await later.results(await later.next());
  expect(result).toMatchObject({ outcome: 'error', content: expect.stringContaining('It did not run.') });
});

test.each([
  ['denied', 'too risky', /denied .*It did not run\. *Reason: too risky\]/],
  ['expired', undefined, /Approval .* expired: .*It did not run\.\]/],
] as const)('a decision that is %s goes to the model, and nothing runs', async (decision, reason, shown) => {
  const { world, act, approval } = await parked(says('I leave it.'));
  await world.decide(approval.id, decision, reason);
  const turn = await world.next();
  expect(act.runs).toEqual([]);
  expect(await world.kinds(turn)).toEqual(['decision', 'reply', 'end']);
  expect(world.model.requests.at(-1)?.messages.at(-1)?.content).toMatch(shown);
});

test('what is asked for cannot be made to look like something else', async () => {
  const act = recordingTool('act');
  const nasty = 'rm \u202Efdp.\u202C x\u200B\n```\nharmless';
  const world = await createAgentWorld({ scenes: [calls(['act', { text: nasty }])], tools: [act.tool] });
  const turn = await world.ask('go');
  const notice = (await world.steps(turn)).find((body) => body.kind === 'notice');
  const shown = /```json\n(.*)\n```/.exec(notice?.text ?? '')?.[1] ?? '';
  expect(JSON.parse(shown)).toEqual({ text: nasty });
  expect(shown).not.toMatch(/[\u202E\u202C\u200B]|```/);
});

test('an ask that was decided before the turn could park leaves nothing to wait for', async () => {
  const act = recordingTool('act');
  const world = await createAgentWorld({
    scenes: [calls(['act']), says('done')],
    tools: [act.tool],
    store: (store) =>
      withVerbs(store, 'approvals', {
        list: async (filter) => {
          for (const { id } of await store.approvals.list(filter)) await world.decide(id, 'approved');
          return store.approvals.list(filter);
        },
      }),
  });
  const turn = await world.ask('go');
  expect(await world.status(turn)).toBe('done');
  expect(await world.said('telegram:7')).toEqual([]);
  await world.next();
  expect(act.runs).toHaveLength(1);
  expect(await world.said('telegram:7')).toEqual(['done']);
});
