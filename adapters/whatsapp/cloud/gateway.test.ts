import { expect, onTestFinished, test } from 'vitest';
import { type ChannelsWorld, type Side, startChannelsWorld } from '#test/channels/world.ts';
import { type FakeGraph } from '#test/fakes/graph/index.ts';
import { startGraphPlatform } from '#test/fakes/graph/platform.ts';
import { until } from '#test/until.ts';

/** Ten seconds of looking a send up are one. */
const speed = 10;

async function start(): Promise<{
  readonly world: ChannelsWorld;
  readonly side: Side;
  readonly fake: FakeGraph;
}> {
  const platform = await startGraphPlatform();
  const choice = { name: 'whatsapp-cloud', start: () => Promise.resolve(platform) };
  const world = await startChannelsWorld([choice], { speed });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const [side] = world.sides;
  if (side === undefined) throw new Error('There is no platform.');
  return { world, side, fake: platform.fake };
}

test('an answer that Meta took, and said so only by a status, stands there once and unmarked', async () => {
  const { world, side, fake } = await start();
  fake.dropAnswer('message');
  world.say(side, 1, 'first');
  await until('it is there', () => world.count(side, 1, 'first').plain > 0);
  world.say(side, 1, 'second');
  await world.answered(side, 1, 'You said: second');
  expect(world.shown(side, 1)).toEqual(['You said: first', 'You said: second']);
  expect(world.count(side, 1, 'You said').marked).toBe(0);
});

test('one that Meta may have taken and never spoke of comes again with the mark', async () => {
  const { world, side } = await start();
  side.platform.trouble('server-error');
  world.say(side, 1, 'in trouble');
  await until('a send meets it', () => side.platform.sendCalls() > 0);
  side.platform.trouble(null);
  await until('it is over', () => world.shown(side, 1).length > 0);
  expect(world.count(side, 1, 'in trouble')).toEqual({ plain: 0, marked: 1 });
});

test('a message that failed later is a dead delivery with the reason, and the owner hears of it', async () => {
  const { world, side, fake } = await start();
  world.say(side, 0, 'hello');
  await world.answered(side, 0, 'You said: hello');
  world.say(side, 1, 'too late');
  await world.answered(side, 1, 'You said: too late');
  const late = fake.messages.all.at(-1)?.id ?? '';
  fake.report(late, 'failed', { errors: [{ code: 131047, title: 'Re-engagement message' }] });
  const reason = 'more than 24 hours since this person last wrote';
  const dead = await until('it is dead', async () => {
    const rows = await world.run('outbox.list', { status: 'dead', limit: 9 });
    return rows.length > 0 ? rows : null;
  });
  expect(dead).toHaveLength(1);
  expect(dead[0]?.reason).toContain(reason);
  await until('the owner hears of it', () => world.shown(side, 0).some((text) => text.includes(reason)));
});

test('through the web server: the challenge comes back, a stranger gets 401, an endless body 413', async () => {
  const { world } = await start();
  const door = `${world.gateway.url}/hooks/whatsapp`;
  const verifyToken = 'test-verify-token-of-the-fake-graph';
  const ask = (token: string): Promise<Response> =>
    fetch(`${door}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`);
  const right = await ask(verifyToken);
  expect([right.status, await right.text()]).toEqual([200, '1158201444']);
  expect((await ask('guessed')).status).toBe(403);
  const body = '{"object":"whatsapp_business_account","entry":[]}';
  expect((await fetch(door, { method: 'POST', body })).status).toBe(401);
  expect((await fetch(door, { method: 'PUT', body })).status).toBe(405);
  const endless = 'x'.repeat(4 * 1024 * 1024 + 1);
  expect((await fetch(door, { method: 'POST', body: endless })).status).toBe(413);
  expect(world.log()).not.toContain(verifyToken);
});
