import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  type ChannelsWorld,
  type Side,
  configFor,
  startChannelsWorld,
  startSide,
} from '#test/channels/world.ts';
import { startGatewayProcess } from '#test/crash/gateway-process.ts';
import { startFakeModel } from '#test/fakes/model/index.ts';
import type { FakeRequest } from '#test/fakes/model/protocol.ts';
import { type PlatformChoice, platforms } from '#test/fakes/platforms.ts';
import { toyPlatform } from '#test/toy/adapter/index.ts';
import { startToyPlatform } from '#test/toy/platform.ts';
import { until } from '#test/until.ts';

const minuteMs = 60_000;
/** Where something has to succeed, time leaves room for a busy machine; in between it runs. */
const walking = 30;
const running = 300;
const readinessSchema = z.object({ notReady: z.array(z.string()) });
const toy: PlatformChoice = { name: 'toy', start: startToyPlatform };

/** Says everything again that was not answered yet. */
function repeatAll({ body: { messages } }: FakeRequest): string {
  const since = messages.findLastIndex(({ role }) => role === 'assistant') + 1;
  const said = messages.slice(since).filter(({ role }) => role === 'user');
  const texts = said.map(({ content }) => (typeof content === 'string' ? content : ''));
  return `You said: ${texts.join(' + ').replaceAll(/\s*\(sent [^)]*\)/g, '')}`;
}

const kinds = ['rate-limited', 'server-error', 'hang', 'resets', 'half-open'] as const;
type Kind = (typeof kinds)[number];

/** 429, 5xx and hangs meet what would be shown; resets and half-open sockets meet everything. */
function breakOff({ platform, proxy }: Side, kind: Kind): void {
  if (kind === 'resets') {
    proxy.set({ connect: 'reset' });
    proxy.cut('reset');
  } else if (kind === 'half-open') {
    proxy.set({ connect: 'black-hole' });
    proxy.freeze();
  } else platform.trouble(kind);
}

async function mend({ platform, proxy }: Side): Promise<void> {
  platform.trouble(null);
  await proxy.heal();
  // A peer that comes back does not know what it swallowed: the kernel of its machine resets such connections.
  proxy.cut('reset');
}

describe('half an hour without a platform', () => {
  // Two worlds side by side: most of it is waiting. In one of them at least every platform is cut off.
  test.concurrent.each([{ rounds: [0, 2, 4] }, { rounds: [1, 3] }])(
    'each platform in each kind of outage ($rounds): nothing is lost, order stays, and another channel notices nothing',
    { timeout: 240_000 },
    async ({ rounds }) => {
      const model = { script: repeatAll };
      const options = { speed: walking, people: 2, model, platforms: [toyPlatform] };
      await using world = await startChannelsWorld([...platforms, toy], options);
      const [other, ...broken] = world.sides.toReversed();
      if (other === undefined) throw new Error('There is no toy.');
      world.say(other, 0, 'hello');
      await until('the owner is known there', () => world.shown(other, 0)[0]);
      for (const round of rounds) await outage({ world, round, broken, other });
      const wasCutOff = (index: number): boolean => rounds.some((round) => isCutOff(kindIn(round, index)));
      await wasTold({ world, broken: broken.filter((_, index) => wasCutOff(index)), other });
      expect(await world.run('outbox.list', { status: 'dead', limit: 9 })).toEqual([]);
      const turns = await world.run('turns.list', { status: null, conversation: null, limit: 999 });
      expect(turns.filter(({ status }) => status !== 'done')).toEqual([]);
    },
  );

  /** Readiness names what is cut off, and nothing else. */
  async function areNamed(world: ChannelsWorld, cutOff: readonly Side[]): Promise<void> {
    const names = cutOff.map(({ name }) => name).sort();
    await until(`${names.join()} are named`, async () => {
      const response = await fetch(`${world.gateway.url}/readyz`);
      const { notReady } = readinessSchema.parse(await response.json());
      const named = notReady.map((text) => text.split(':', 1)[0] ?? '').sort();
      return response.status === (names.length > 0 ? 503 : 200) && named.join() === names.join();
    });
  }

  interface Scene {
    readonly world: ChannelsWorld;
    readonly broken: readonly Side[];
    readonly other: Side;
  }

  /** Each platform was cut off for half an hour, and the whole took less than four: told, at most once an hour. */
  async function wasTold({ world, broken, other }: Scene): Promise<void> {
    for (const { name } of broken.filter(hasConnection)) {
      const count = (event: string): number =>
        world
          .log()
          .split('\n')
          .filter((line) => line.includes(`"${event}"`) && line.includes(`"${name}"`)).length;
      await until(`the end of the outage of ${name} is told`, () => count('channel.back') > 0);
      expect(count('channel.outage'), name).toBeGreaterThanOrEqual(1);
      expect(count('channel.outage'), name).toBeLessThanOrEqual(3);
      expect(count('channel.back'), name).toBeLessThanOrEqual(count('channel.outage'));
    }
    const told = world.shown(other, 0).join('\n');
    expect(told).toMatch(/no connection to \w+ for \d+ minutes/);
    expect(told).toMatch(/\w+ is back/);
  }

  /** Round by round each platform meets another kind. */
  async function outage(scene: Scene & { readonly round: number }): Promise<void> {
    const { world, round, broken, other } = scene;
    const words = (when: string): string => `${when} ${round}.`;
    const kindOf = (index: number): Kind => kindIn(round, index);
    // Answers are on their way when it begins.
    world.model.setLatency(150);
    const asked = world.model.requests.length;
    for (const side of broken) world.say(side, 1, words('before'));
    await until('the model has all', () => world.model.requests.length >= asked + broken.length);
    for (const [index, side] of broken.entries()) breakOff(side, kindOf(index));
    world.model.setLatency(0);
    await areNamed(
      world,
      broken.filter((side, index) => isCutOff(kindOf(index)) && hasConnection(side)),
    );
    const begun = world.clock.passed();
    for (const side of broken) world.say(side, 1, words('amid'));
    for (let minute = 0; minute < 30; minute += 6) {
      const askedAt = performance.now();
      world.say(other, 1, `unaffected ${round}-${minute}`);
      await until(`the other channel answers ${round}-${minute}`, () =>
        world.shown(other, 1).at(-1)?.endsWith(`${round}-${minute}`),
      );
      expect(performance.now() - askedAt).toBeLessThan(5_000);
      world.clock.setSpeed(running);
      await until('six minutes are over', () => world.clock.passed() >= begun + (minute + 6) * minuteMs);
      world.clock.setSpeed(walking);
    }
    for (const side of broken) await mend(side);
    for (const side of broken) world.say(side, 1, words('after'));
    for (const [index, side] of broken.entries()) {
      const where = `${kindOf(index)} of ${side.name}`;
      const places = (): readonly number[] => {
        const shown = world.shown(side, 1).join('\n');
        return ['before', 'amid', 'after'].map((when) => shown.indexOf(words(when)));
      };
      await until(`${where} is over`, () => places().every((place) => place >= 0));
      if (!side.lacks.includes('order')) expect(places(), where).toEqual(places().toSorted((a, b) => a - b));
      for (const when of ['before', 'amid', 'after']) {
        expect(world.count(side, 1, words(when)).plain, where).toBeLessThanOrEqual(1);
      }
    }
  }
});

/** Round by round the platforms take turns with the kinds. */
function kindIn(round: number, index: number): Kind {
  return kinds[(round + index) % kinds.length] ?? 'hang';
}

/** Of the kinds in which nothing comes in either. */
function isCutOff(kind: Kind): boolean {
  return kind === 'resets' || kind === 'half-open';
}

function hasConnection({ lacks }: Side): boolean {
  return !lacks.includes('connection');
}

describe('killed where a platform’s event is committed', () => {
  for (const choice of platforms) {
    for (const point of ['before events.accept', 'after events.accept']) {
      test(`${choice.name}, ${point}: the event is answered once`, { timeout: 60_000 }, () =>
        killedAt(choice, point),
      );
    }
  }
});

async function killedAt(choice: PlatformChoice, point: string): Promise<void> {
  const model = await startFakeModel({ script: repeatAll });
  const side = await startSide(choice);
  const { platform, proxy } = side;
  const folder = mkdtempSync(join(tmpdir(), 'tiro-kill-'));
  onTestFinished(async () => {
    await proxy.close();
    await platform.close();
    await model.close();
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'config.yaml'), configFor({ model, sides: [side], people: 2 }));
  const surroundings = { folder, home: folder, effectsUrl: 'http://127.0.0.1:9' };
  const first = startGatewayProcess(surroundings, { arm: { point, nth: 1 } });
  platform.follow?.((await first.ready) ?? '');
  platform.say(1, 'important');
  expect((await first.ended).signal).toBe('SIGKILL');
  const second = startGatewayProcess(surroundings, { arm: null });
  platform.follow?.((await second.ready) ?? '');
  onTestFinished(async () => {
    second.signal('SIGKILL');
    await second.ended;
  });
  await until('it is answered', () => platform.shown(1).find((text) => text.includes('important')));
  // Whatever came again came before this.
  platform.say(1, 'thank you');
  await until('so is the next', () => platform.shown(1).find((text) => text.includes('thank you')));
  expect(platform.shown(1).filter((text) => text.includes('important'))).toHaveLength(1);
}
