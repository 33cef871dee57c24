import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChannelsWorld, type Side, startChannelsWorld } from '#test/channels/world.ts';
import type { Lack } from '#test/fakes/platform.ts';
import { platforms } from '#test/fakes/platforms.ts';
import { toyPlatform } from '#test/toy/adapter/index.ts';
import { startToyPlatform } from '#test/toy/platform.ts';
import { until } from '#test/until.ts';

/** One gateway with every platform, and beside them the toy, which stands outside the tree as an adapter of one's own. */
let world: ChannelsWorld;
beforeAll(async () => {
  const choices = [...platforms, { name: 'toy', start: startToyPlatform }];
  world = await startChannelsWorld(choices, { platforms: [toyPlatform] });
});
afterAll(() => world[Symbol.asyncDispose]());

const stranger = 50;
const conversationsOf = async (person: string) =>
  (await world.run('conversations.list', { limit: 99 })).filter((one) => one.person === person);

/** A connection may be made anew at any time, and is back at once. */
const allUp = () =>
  until('every channel is connected', async () => {
    const status = await world.run('status', {});
    return status.ready ? status : null;
  });

async function everywhere(
  check: (side: Side) => Promise<unknown>,
  sides: readonly Side[] = world.sides,
): Promise<void> {
  expect(sides.length).toBeGreaterThan(1);
  await Promise.all(sides.map(check));
}

function sidesWith(...what: readonly Lack[]): readonly Side[] {
  return world.sides.filter(({ lacks }) => !what.some((one) => lacks.includes(one)));
}

test('somebody who is known on several channels is the same person on each, with a chat of its own', async () => {
  await everywhere(async (side) => {
    world.say(side, 1, `hello from ${side.name}`);
    await world.answered(side, 1, `You said: hello from ${side.name}`);
  });
  const mine = await conversationsOf('p1');
  expect(mine.map(({ chat }) => chat.split(':', 1)[0] ?? '').sort()).toEqual(
    world.sides.map(({ name }) => name).sort(),
  );
  for (const side of world.sides) {
    expect(world.shown(side, 1)).toEqual([`You said: hello from ${side.name}`]);
    expect(world.shown(side, 2)).toEqual([]);
  }
  const { identities } = await world.run('people.list', {});
  expect(
    identities
      .filter(({ handle }) => handle === 'p1')
      .map(({ identity }) => identity)
      .sort(),
  ).toEqual(world.sides.map(({ platform }) => platform.identity(1)).sort());
});

test('a stranger let in on one channel takes the others along by codes: one person, under one handle', async () => {
  const newcomer = 60;
  const sides = sidesWith('strangers', 'commands');
  const [first, ...others] = sides;
  if (first === undefined) throw new Error('There is no channel.');
  const used = new Set<string>();
  const nextCode = (): Promise<string> =>
    until('a code that was not used yet', () => {
      const codes =
        world
          .shown(first, newcomer)
          .join('\n')
          .match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/g) ?? [];
      const code = codes.find((one) => !used.has(one));
      if (code !== undefined) used.add(code);
      return code;
    });
  world.say(first, newcomer, 'hello?');
  world.say(first, 0, `/pair ${await nextCode()}`);
  await until('it is let in', () => world.shown(first, newcomer).some((text) => text.includes('You are in')));
  for (const side of others) {
    world.say(first, newcomer, '/pair');
    world.say(side, newcomer, `/pair ${await nextCode()}`);
    const known = side.platform.identity(newcomer);
    await until(`${known} is known`, async () => {
      const { identities } = await world.run('people.list', {});
      return identities.find(({ identity }) => identity === known);
    });
  }
  const { identities } = await world.run('people.list', {});
  const mine = sides.map(({ platform }) => platform.identity(newcomer));
  const handles = identities.filter(({ identity }) => mine.includes(identity)).map(({ handle }) => handle);
  expect(handles).toHaveLength(mine.length);
  expect(new Set(handles).size).toBe(1);
  await everywhere(async (side) => {
    world.say(side, newcomer, `me on ${side.name}`);
    await world.answered(side, newcomer, `You said: me on ${side.name}`);
  }, sides);
  const [handle = ''] = handles;
  expect((await conversationsOf(handle)).map(({ chat }) => chat.split(':', 1)[0] ?? '').sort()).toEqual(
    sides.map(({ name }) => name).sort(),
  );
});

test('a stranger in a group gets nothing on any of them, and no model is asked', async () => {
  const calls = world.model.requests.length;
  const sides = sidesWith('groups');
  await everywhere(async ({ platform }) => {
    platform.sayInGroup(stranger, 'may I?');
    platform.sayInGroup(1, 'we are here');
    await until('whoever is known is answered', () =>
      platform.shownInGroup().some((text) => text.includes('we are here')),
    );
    expect(platform.shownInGroup().filter((text) => text.includes('may I'))).toEqual([]);
  }, sides);
  expect(world.model.requests).toHaveLength(calls + sides.length);
});

test('status, list, readiness and metrics name every channel', async () => {
  const names = ['web', 'cli', 'api', ...world.sides.map(({ name }) => name)].sort();
  const { channels } = await allUp();
  expect(channels.map(({ name }) => name).sort()).toEqual(names);
  for (const channel of channels.filter(({ name }) => world.sides.some((side) => side.name === name))) {
    expect(channel).toMatchObject({
      state: 'up',
      changes: expect.any(Number),
      lastEventAt: expect.any(Number),
    });
  }
  expect((await fetch(`${world.gateway.url}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${world.gateway.url}/metrics`)).text();
  for (const name of names) expect(metrics).toContain(`tiro_channel_up{channel="${name}"} 1`);
});

test('doctor asks every one of them and finds nothing wrong', async () => {
  await allUp();
  const findings = await world.run('doctor', { offline: false });
  for (const { name } of world.sides) {
    const mine = findings.filter(({ area }) => area === name);
    expect(mine.length, name).toBeGreaterThan(0);
    expect(mine.filter(({ level }) => level === 'fail')).toEqual([]);
  }
});
