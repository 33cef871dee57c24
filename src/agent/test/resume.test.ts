import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { StepBody } from '#core/step.ts';
import type { StorePort } from '#core/store/store.ts';
import type { Turn } from '#core/turn.ts';
import { type AgentWorld, createAgentWorld } from '#test/agent/world.ts';
import { type RecordingTool, allow, recordingTool } from '#test/agent/tools.ts';
import { type Scene, calls, says } from '#test/fakes/scripted-model.ts';
import { type TestGround, createGround, withVerbs } from '#test/kernel/ground.ts';

interface Crash {
  /** The k-th commit of the run is its last: `before` it is stored, or right `after`. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Commits of the turn below: reply, look's intent, look's result, put's intent and result, send's intent and result, the end. */
const commits = 8;
const every: readonly Crash[] = Array.from({ length: commits }, (_, k) => k + 1).flatMap((at) => [
  { at, when: 'before' as const },
  { at, when: 'after' as const },
]);

/** A process that dies at one commit: from then on nothing of it is stored. */
function dying(crash: Crash | null): (store: StorePort) => StorePort {
  let count = 0;
  return (store) =>
    withVerbs(store, 'turns', {
      append: async (input) => {
        count += 1;
        const isLast = count === crash?.at;
        const appended = isLast && crash.when === 'before' ? [] : await store.turns.append(input);
        if (isLast) throw new TiroError('fenced', 'The process is gone.');
        return appended;
      },
    });
}

/** Asks for all three tools and then answers: like a model, it goes by what it is shown. */
const scene: Scene = ({ request }) =>
  request.messages.at(-1)?.role === 'tool' ? says('All done.') : calls(['look'], ['put'], ['send']);

interface Life {
  readonly crash: Crash | null;
  readonly turn: Turn;
  readonly steps: readonly StepBody[];
  readonly modelCalls: number;
  readonly tools: Readonly<Record<'look' | 'put' | 'send', RecordingTool>>;
  readonly said: readonly string[];
  readonly next: TestGround;
}

async function live(ground: TestGround, crash: Crash | null): Promise<Life> {
  const tools = {
    look: recordingTool('look', { effect: 'pure' }),
    put: recordingTool('put', { effect: 'keyed' }),
    send: recordingTool('send', { effect: 'once' }),
  };
  const setting = {
    scenes: [scene, scene, scene],
    tools: Object.values(tools).map(({ tool }) => tool),
    rules: allow('look', 'put', 'send'),
  };
  const first = await createAgentWorld({ ...setting, ground, store: dying(crash) });
  const chat = `telegram:${crash === null ? 7 : every.indexOf(crash) + 100}` as const;
  await first.receive('go', { chat });
  const turn = await first.claim();
  const worlds: AgentWorld[] = [first];
  let next = ground;
  if (crash === null) await first.run(turn);
  else {
    await expect(first.run(turn)).rejects.toMatchObject({ code: 'fenced' });
    next = await createGround({
      clock: ground.clock,
      home: ground.home,
      store: await ground.home.again({ takeover: true }),
    });
    const second = await createAgentWorld({ ...setting, ground: next });
    worlds.push(second);
    const resumed = await next.store.turns.resume({ turn: turn.id, solo: false, at: next.clock.now() });
    if (resumed !== null) await second.run(resumed);
  }
  return {
    crash,
    turn,
    tools,
    next,
    modelCalls: worlds.reduce((sum, { model }) => sum + model.requests.length, 0),
    steps: (await next.store.steps.ofTurn(turn.id)).map(({ body }) => body),
    said: await next.said(chat),
  };
}

function shape(steps: readonly StepBody[]): readonly string[] {
  return steps.map((body) => ('tool' in body ? `${body.kind} ${body.tool}` : body.kind));
}

test(
  'a turn that crashes at any commit goes on from its rows to the same end',
  { timeout: 120_000 },
  async () => {
    const whole = await live(await createGround(), null);
    expect(whole.steps).toHaveLength(1 + commits + 1);
    let { next } = whole;
    for (const crash of every) {
      const life = await live(next, crash);
      next = life.next;
      const where = `crashed ${crash.when} commit ${crash.at}`;
      const beganSend = crash.when === 'after' ? crash.at === 6 : crash.at === 7;
      // Everything is as if nothing had happened, but for a `once` call that had begun: it is unknown and said to be so.
      const expected = beganSend
        ? [...shape(whole.steps).slice(0, -2), 'notice', 'reply', 'end']
        : shape(whole.steps);
      expect(shape(life.steps), where).toEqual(expected);
      expect(life.said, where).toEqual(
        beganSend ? [expect.stringContaining('do not know whether'), 'All done.'] : ['All done.'],
      );
      // A reply that is a row is never paid for again; one that was lost with the process is.
      const lostReply = crash.when === 'before' && (crash.at === 1 || crash.at === commits);
      expect(life.modelCalls, where).toBe(lostReply ? 3 : 2);
      const { look, put, send } = life.tools;
      expect(send.runs.length, where).toBe(crash.when === 'after' && crash.at === 6 ? 0 : 1);
      expect(new Set(put.runs.map((run) => run.effectKey)).size, where).toBe(1);
      expect(put.runs.length + look.runs.length, where).toBeLessThanOrEqual(3);
      const orphans = await next.store.turns.orphans();
      expect(orphans, where).toEqual([]);
    }
  },
);

test('a call that had begun is judged by what it was then: its tool may be gone or another one now', async () => {
  const ground = await createGround();
  const put = recordingTool('put', { effect: 'keyed' });
  const first = await createAgentWorld({
    ground,
    scenes: [calls(['put'])],
    tools: [put.tool],
    rules: allow('put'),
    store: dying({ at: 3, when: 'after' }),
  });
  await first.receive('go');
  const turn = await first.claim();
  await expect(first.run(turn)).rejects.toMatchObject({ code: 'fenced' });
  const second = await createAgentWorld({ ground, scenes: [says('hm')] });
  await second.run(turn);
  expect(await second.results(turn)).toMatchObject([{ tool: 'put', outcome: 'unknown' }]);
});

test('an approved plan that was interrupted is not run a second time', async () => {
  const ground = await createGround();
  const act = recordingTool('act', { effect: 'once' });
  const asked = await createAgentWorld({ ground, scenes: [calls(['act'])], tools: [act.tool] });
  await asked.ask('go');
  const [approval] = await ground.store.approvals.list({ status: 'pending', chat: null, limit: 1 });
  await asked.decide(approval?.id ?? '', 'approved');
  const first = await createAgentWorld({
    ground,
    tools: [act.tool],
    store: dying({ at: 2, when: 'before' }),
  });
  const turn = await first.claim();
  await expect(first.run(turn)).rejects.toMatchObject({ code: 'fenced' });
  const second = await createAgentWorld({ ground, scenes: [says('I do not know.')], tools: [act.tool] });
  await second.run(turn);
  expect(act.runs).toHaveLength(1);
  expect(await second.results(turn)).toMatchObject([{ outcome: 'unknown' }]);
  expect(await second.status(turn)).toBe('done');
});

test('once a newer gateway has taken over, no tool acts and no model is called', async () => {
  const ground = await createGround();
  const act = recordingTool('act', { effect: 'once' });
  const world = await createAgentWorld({
    ground,
    scenes: [
      async () => {
        await ground.home.again({ takeover: true });
        return calls(['act']);
      },
    ],
    tools: [act.tool],
    rules: allow('act'),
  });
  await world.receive('go');
  const turn = await world.claim();
  await expect(world.run(turn)).rejects.toMatchObject({ code: 'fenced' });
  await expect(world.run(turn)).rejects.toMatchObject({ code: 'fenced' });
  expect(act.runs).toEqual([]);
  expect(world.model.requests).toHaveLength(1);
});
