import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChannelsWorld, type Side, startChannelsWorld } from '#test/channels/world.ts';
import { markersIn, richAnswer } from '#test/channels/answers.ts';
import type { Lack } from '#test/fakes/platform.ts';
import type { PlatformChoice } from '#test/fakes/platforms.ts';
import { repeat } from '#test/faults/world.ts';
import { until } from '#test/until.ts';

const stranger = 50;

/** What every platform keeps through the whole gateway: its real client library against a fake of its wire. */
export function testChannel(choice: PlatformChoice): void {
  describe(`${choice.name}, through the whole gateway`, () => {
    let world: ChannelsWorld;
    let side: Side;
    beforeAll(async () => {
      world = await startChannelsWorld([choice]);
      [side = missing()] = world.sides;
    });
    afterAll(() => world[Symbol.asyncDispose]());
    const setting = (): Setting => ({ world, side });
    const has = (what: Lack): boolean => choice.lacks?.includes(what) !== true;
    hears(setting);
    if (has('groups')) knowsGroups(setting);
    if (has('strangers')) knowsStrangers(setting);
    if (has('signs')) showsSigns(setting);
    shows(setting);
    if (has('commands')) stops(setting);
    test('no secret stands in the log', () => keepsSecrets(setting(), has('connection')));
  });
}

interface Setting {
  readonly world: ChannelsWorld;
  readonly side: Side;
}
type GetSetting = () => Setting;

function missing(): never {
  throw new Error('There is no platform.');
}

function hears(setting: GetSetting): void {
  test('what is delivered five times, and out of order, is one turn; its own messages are none', async () => {
    const { world, side } = setting();
    const first = world.say(side, 1, 'first');
    await world.answered(side, 1, 'You said: first');
    const second = world.say(side, 2, 'second');
    for (let n = 0; n < 5; n += 1)
      for (const again of n % 2 === 0 ? [second, first] : [first, second]) again();
    await world.answered(side, 2, 'You said: second');
    world.say(side, 1, 'last');
    await world.answered(side, 1, 'You said: last');
    const turns = await world.run('turns.list', { status: null, conversation: null, limit: 99 });
    expect(turns).toHaveLength(3);
    expect(world.shown(side, 1)).toEqual(['You said: first', 'You said: last']);
    expect(world.shown(side, 2)).toEqual(['You said: second']);
  });
}

function knowsGroups(setting: GetSetting): void {
  test('in the group it answers whom it knows, there', async () => {
    const { world, side } = setting();
    const direct = world.shown(side, 1).length;
    side.platform.sayInGroup(1, 'hello group');
    await until('the group sees it', () =>
      side.platform.shownInGroup().some((text) => text.includes('hello group')),
    );
    expect(world.shown(side, 1)).toHaveLength(direct);
  });

  test('a stranger in the group gets nothing and costs nothing', async () => {
    const { world, side } = setting();
    const before = { calls: world.model.requests.length, group: side.platform.shownInGroup().length };
    side.platform.sayInGroup(stranger, 'let me in');
    side.platform.sayInGroup(stranger, 'look at https://example.org');
    side.platform.sayInGroup(1, 'behind the stranger');
    await until('whoever is known is answered', () =>
      side.platform.shownInGroup().some((text) => text.includes('behind the stranger')),
    );
    expect(world.model.requests).toHaveLength(before.calls + 1);
    expect(side.platform.shownInGroup()).toHaveLength(before.group + 1);
    expect((await world.run('people.list', {})).pairings).toEqual([]);
  });
}

function knowsStrangers(setting: GetSetting): void {
  test('a stranger who writes directly gets a code and no model', async () => {
    const { world, side } = setting();
    const calls = world.model.requests.length;
    world.say(side, stranger, 'who are you?');
    await until('there is a code', () => world.shown(side, stranger)[0]);
    expect(world.model.requests).toHaveLength(calls);
    const { pairings } = await world.run('people.list', {});
    expect(pairings).toMatchObject([{ kind: 'stranger', identity: side.platform.identity(stranger) }]);
    expect(world.shown(side, stranger)[0]).toContain(pairings[0]?.code);
  });
}

function showsSigns(setting: GetSetting): void {
  test('a sign of life comes within two seconds, and a growing answer is not shown more often than allowed', async () => {
    const { world, side } = setting();
    world.model.setScript(() => ({
      text: Array.from({ length: 40 }, (_, n) => `word${n}`).join(' '),
      pieces: 40,
      afterMs: 1_500,
      everyMs: 40,
    }));
    const from = world.asked.length;
    const begun = world.clock.passed();
    const { chat } = side.platform.chat(2);
    world.say(side, 2, 'grow');
    await until('the last word is there', () => world.shown(side, 2).some((text) => text.includes('word39')));
    world.model.setScript(repeat);
    const mine = world.asked.slice(from).filter((one) => one.chat === chat);
    expect((mine[0]?.at ?? Number.POSITIVE_INFINITY) - begun).toBeLessThan(2_000);
    const growing = mine.filter(({ what }) => what === 'edit' || what === 'draft').map(({ at }) => at);
    const gaps = growing.slice(1).map((at, index) => at - (growing[index] ?? 0));
    // The last edit is the final text, which need not wait for the pace of previews; 900 ms is the shortest pace of all.
    for (const gap of gaps.slice(0, -1)) expect(gap).toBeGreaterThan(900);
    expect(growing.length).toBeLessThan(8);
  });
}

function shows(setting: GetSetting): void {
  test('long, tabular and code-heavy answers arrive whole and in order', async () => {
    const { world, side } = setting();
    const answer = richAnswer();
    world.model.setScript(() => ({ text: answer, pieces: 12 }));
    const before = world.shown(side, 1).length;
    world.say(side, 1, 'tell me all');
    const texts = () => world.shown(side, 1).slice(before);
    await until('the end is there', () => texts().join('\n').includes('The end'));
    world.model.setScript(repeat);
    expect(markersIn(texts().join('\n'))).toEqual(markersIn(answer));
  });
}

function stops(setting: GetSetting): void {
  test('/stop ends the running turn, and nothing of it is sent any more', async () => {
    const { world, side } = setting();
    world.model.setLatency(60_000);
    world.say(side, 2, 'this takes long');
    await until('the model thinks', () => world.model.active() > 0);
    world.say(side, 2, '/stop');
    await until('it has ended', async () => {
      const turns = await world.run('turns.list', { status: 'cancelled', conversation: null, limit: 9 });
      return turns.length > 0;
    });
    world.model.setLatency(0);
    world.say(side, 2, 'and now?');
    await until('it answers again', () => world.shown(side, 2).find((text) => text.includes('and now?')));
    const own = (text: string): boolean => text.includes('this takes long') && !text.includes('and now?');
    expect(world.shown(side, 2).filter(own)).toEqual([]);
  });
}

/** Every value whose key is called like a secret, however deep. */
function secretsIn(tree: unknown): readonly string[] {
  if (tree === null || typeof tree !== 'object') return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    /token|key|secret|password/i.test(key) && typeof value === 'string' ? [value] : secretsIn(value),
  );
}

async function keepsSecrets({ world, side }: Setting, hasConnection: boolean): Promise<void> {
  const secrets = secretsIn(parse(side.platform.config('http://x', ['http://x'])));
  side.proxy.set({ connect: 'reset' });
  side.proxy.cut('reset');
  if (hasConnection) {
    await until('it is noticed', async () =>
      (await world.run('channels.list', {})).some(
        ({ name, state }) => name === side.name && state === 'down',
      ),
    );
  }
  await side.proxy.heal();
  side.platform.trouble('server-error');
  world.say(side, 1, 'in trouble');
  const calls = side.platform.sendCalls();
  await until('a send meets it', () => side.platform.sendCalls() > calls);
  side.platform.trouble(null);
  await until(
    'it is over',
    () => world.count(side, 1, 'in trouble').plain + world.count(side, 1, 'in trouble').marked > 0,
  );
  expect(world.log()).toContain(`"channel":"${side.name}"`);
  for (const secret of secrets) expect(world.log()).not.toContain(secret);
  expect(world.log()).not.toContain('test-key-0123456789');
}
