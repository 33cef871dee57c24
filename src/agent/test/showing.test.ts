import { expect, test } from 'vitest';
import { createAgentWorld } from '#test/agent/world.ts';
import { allow, recordingTool } from '#test/agent/tools.ts';
import { type Scene, calls, fails, hangs, says } from '#test/fakes/scripted-model.ts';
import { until } from '#test/until.ts';

/** Says `text` in two pieces and ends as `result`. */
const tells =
  (text: string, result: ReturnType<typeof says>): Scene =>
  ({ hooks }) => {
    hooks.onDelta(text.slice(0, 2));
    hooks.onDelta(text.slice(2));
    return result;
  };

test('words beside a call are forgotten once they are a row: a late reader does not see them twice', async () => {
  const partials: string[] = [];
  const look = recordingTool('look', {
    run: (_text, { turn }) => {
      partials.push(world.deps.live.partial(turn));
      return { ok: true, content: 'seen' };
    },
  });
  const call = calls(['look']);
  const world = await createAgentWorld({
    scenes: [tells('Let me look.', call), tells('There.', says('There.'))],
    tools: [look.tool],
    rules: allow('look'),
  });
  await world.ask('go');
  expect(partials).toEqual(['']);
});

test('on the web page nothing is shown before the turn is sealed, and all of it then', async () => {
  const world = await createAgentWorld({ scenes: [hangs('Once ', 'upon')] });
  await world.receive('go', { chat: 'web:owner' });
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('it is shown', () => world.shown.length > 0);
  expect((await world.store.turns.get(turn.id))?.sealed).toBe(true);
  expect(world.shown).toMatchObject([{ type: 'delta', text: 'Once upon' }]);
  await world.receive('too late to join', { chat: 'web:owner' });
  await running.join();
  expect(await world.kinds(turn)).toEqual(['input']);
  running.stop();
  await ended;
});

test('what shows an answer in a chat can seal its turn first: a commit, and nothing joins after it', async () => {
  const seals: boolean[] = [];
  const world = await createAgentWorld({
    scenes: [hangs('Once upon')],
    deps: {
      preview: {
        show: (_turn, _text, seal) => void seal().then((isSealed) => seals.push(isSealed)),
        finish: () => Promise.resolve(null),
      },
    },
  });
  await world.receive('go');
  const turn = await world.claim();
  const running = world.enter(turn);
  const ended = world.run(running);
  await until('it is sealed', () => seals.length > 0);
  expect(seals).toEqual([true]);
  expect((await world.store.turns.get(turn.id))?.sealed).toBe(true);
  await world.receive('too late to join');
  expect(await running.join()).toBe(false);
  expect(await world.kinds(turn)).toEqual(['input']);
  running.stop();
  await ended;
});

test('words of a broken stream that nobody has seen yet are not shown before those of the next', async () => {
  const world = await createAgentWorld({
    scenes: [
      async ({ hooks, signal }) => {
        hooks.onDelta('broken');
        hooks.onRestart();
        hooks.onDelta('whole');
        return hangsOn(signal);
      },
    ],
  });
  await world.receive('go', { chat: 'web:owner' });
  const running = world.enter(await world.claim());
  const ended = world.run(running);
  await until('it is shown', () => world.shown.some((event) => event.type === 'delta'));
  expect(world.shown).toMatchObject([{ type: 'restart' }, { type: 'delta', text: 'whole' }]);
  running.stop();
  await ended;
});

function hangsOn(signal: AbortSignal) {
  return new Promise<ReturnType<typeof fails>>((resolve) => {
    signal.addEventListener('abort', () => resolve(fails('cancelled')));
  });
}

test('the final text replaces the preview of it', async () => {
  const world = await createAgentWorld({
    scenes: [
      async ({ hooks }) => {
        hooks.onDelta('The answer');
        await until(
          'the preview is a row',
          async () => (await world.store.outbox.list({ status: null, limit: 1 })).length > 0,
        );
        return says('The answer is here.');
      },
    ],
  });
  await world.receive('go');
  const turn = await world.claim();
  await world.run(turn);
  const rows = await world.store.outbox.ofTurn(turn.id);
  expect(rows.filter((row) => row.status === 'queued')).toHaveLength(1);
  expect(await world.said('telegram:7')).toEqual(['The answer is here.']);
});
