import { expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type World, startWorld } from './world.ts';

function shown(world: World, chat: number, what: RegExp): Promise<string> {
  return until(
    `${what.source} is shown`,
    () => world.telegram.messages(chat).find(({ text }) => what.test(text))?.text,
  );
}

test('while the model hangs, commands are answered, who waits is told, and /stop ends it all', async () => {
  await using world = await startWorld();
  world.model.faultNext({ kind: 'hang' }, 9);
  world.telegram.userText('hello');
  await until('the model is asked', () => world.model.requests.length > 0);
  world.telegram.userText('/status');
  await shown(world, 7, /I am working on an answer/);
  await until('the window is over', async () => {
    const [turn] = await world.run('turns.list', { status: 'running', conversation: null, limit: 1 });
    return turn !== undefined && Date.now() > turn.startedAt + 1_000;
  });
  world.telegram.userText('are you there?');
  await shown(world, 7, /Queued: your message comes after/);
  world.telegram.userText('/stop');
  await shown(world, 7, /Stopped: 1 running answer, 1 waiting message/);
  const status = await world.run('status', {});
  expect(status.events).toMatchObject({ queued: 0, running: 0, withdrawn: 1 });
  expect(status.turns).toMatchObject({ running: 0, cancelled: 1 });
});

test('a stranger who floods costs one hint, and the owner is served meanwhile', async () => {
  await using world = await startWorld();
  const eve = { id: 99, first_name: 'Eve' };
  for (let i = 0; i < 30; i += 1) world.telegram.userText(`/pair AAAA-${1000 + i}`, { from: eve });
  world.telegram.userText('hello');
  await shown(world, 7, /You said: hello/);
  await until('all of it is taken in', async () => (await world.run('status', {})).events.refused === 30);
  expect(world.telegram.messages(99)).toHaveLength(1);
  expect(world.model.requests).toHaveLength(1);
});
