import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlName, ControlSurface } from '#control/surface.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { Platform } from '#core/ports/adapter.ts';
import { type FakeModel, type FakeModelOptions, startFakeModel } from '#test/fakes/model/index.ts';
import type { FakePlatform, Lack } from '#test/fakes/platform.ts';
import type { PlatformChoice } from '#test/fakes/platforms.ts';
import { type ChaosProxy, startProxy } from '#test/fakes/proxy/index.ts';
import { inFrontOfAll } from '#test/fakes/proxy/several.ts';
import { type WarpClock, createWarpClock } from '#test/faults/clock.ts';
import { repeat } from '#test/faults/world.ts';
import { type TestGateway, startTestGateway } from '#test/gateway.ts';
import { until } from '#test/until.ts';

/** A platform, and the proxy between it and the gateway. */
export interface Side {
  /** Of its channel. */
  readonly name: string;
  readonly platform: FakePlatform;
  /** In front of all ports of the platform. */
  readonly proxy: ChaosProxy;
  /** In front of each of `platform.further`. */
  readonly further: readonly string[];
  readonly lacks: readonly Lack[];
}

/** One thing that the gateway asked of a platform. `at`: ms on a clock that nobody sets. */
export interface Asked {
  readonly channel: string;
  readonly chat: string;
  readonly what: 'typing' | 'draft' | 'message' | 'edit' | 'delete' | 'reaction' | 'file';
  readonly at: number;
}

type RunAsOwner = <K extends ControlName>(
  name: K,
  input: ControlSurface[K]['input'],
) => Promise<ControlSurface[K]['output']>;

export interface ChannelsWorld extends AsyncDisposable {
  readonly model: FakeModel;
  readonly clock: WarpClock;
  readonly sides: readonly Side[];
  readonly gateway: TestGateway;
  readonly asked: readonly Asked[];
  readonly run: RunAsOwner;
  /** What the gateway logged so far. */
  log(): string;
  say(side: Side, person: number, text: string): () => void;
  /** Messages of the bot in the direct chat, without the mark of those that may be repeated. */
  shown(side: Side, person: number): readonly string[];
  /** How often the direct chat shows these words: without the mark of what may be repeated, and with it. */
  count(side: Side, person: number, words: string): { readonly plain: number; readonly marked: number };
  /** Resolves when the direct chat shows exactly this. */
  answered(side: Side, person: number, text: string): Promise<unknown>;
}

const mark = '(possibly repeated)';

/**
 * One gateway between a fake model and fake platforms, a proxy before each, with time of its own. Person 0 is Ann, the
 * owner; the further ones are members. Each is the same person on every platform.
 */
export async function startChannelsWorld(
  choices: readonly PlatformChoice[],
  options: {
    readonly speed?: number;
    readonly people?: number;
    readonly model?: FakeModelOptions;
    readonly config?: string;
    /** For platforms outside the tree. */
    readonly platforms?: readonly Platform[];
  } = {},
): Promise<ChannelsWorld> {
  const model = await startFakeModel({ script: repeat, ...options.model });
  const sides = await Promise.all(choices.map(startSide));
  const clock = createWarpClock(options.speed ?? 1);
  const asked: Asked[] = [];
  const config = configFor({ model, sides, people: options.people ?? 3, more: options.config ?? '' });
  const adapter = watched((what) => asked.push({ ...what, at: clock.passed() }));
  const seamed = sides.flatMap(({ platform }) => platform.seam ?? []);
  const seams = { clock: clock.seam, adapter, platforms: [...(options.platforms ?? []), ...seamed] };
  const gateway = await startTestGateway({ config, seams });
  for (const { platform } of sides) platform.follow?.(gateway.url);
  const run: RunAsOwner = (name, input) =>
    gateway.gateway.control.run(name, input, { person: 'ann', role: 'owner', via: 'test' });
  await until('all channels are up', async () => {
    const channels = await run('channels.list', {});
    return channels.every(({ state }) => state === 'up');
  });
  const shown = (side: Side, person: number): readonly string[] =>
    side.platform.shown(person).map((text) => text.replace(mark, '').trim());
  return {
    model,
    clock,
    sides,
    gateway,
    asked,
    run,
    log: () => readFileSync(join(gateway.home, 'logs/gateway.log'), 'utf8'),
    say: (side, person, text) => side.platform.say(person, text, clock.now()),
    shown,
    count: (side, person, words) => {
      const mine = side.platform.shown(person).filter((text) => text.includes(words));
      const marked = mine.filter((text) => text.includes(mark)).length;
      return { plain: mine.length - marked, marked };
    },
    answered: (side, person, text) =>
      until(`${person} is shown ${JSON.stringify(text.slice(0, 80))} on ${side.name}`, () =>
        shown(side, person).includes(text),
      ),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      for (const { proxy, platform } of sides) {
        await proxy.close();
        await platform.close();
      }
      await model.close();
    },
  };
}

export async function startSide({ start, lacks = [] }: PlatformChoice): Promise<Side> {
  const platform = await start();
  const proxies = await Promise.all([platform.url, ...(platform.further ?? [])].map(startProxy));
  const [, ...further] = proxies.map(({ url }) => url);
  return { name: platform.name, platform, proxy: inFrontOfAll(proxies), further, lacks };
}

export function configFor(parts: {
  readonly model: Pick<FakeModel, 'url'>;
  readonly sides: readonly Side[];
  readonly people: number;
  readonly more?: string;
}): string {
  const { model, sides, people, more = '' } = parts;
  const channels = sides.map(
    ({ name, platform, proxy, further }) => `  ${name}: ${platform.config(proxy.url, further)}\n`,
  );
  const persons = Array.from({ length: people }, (_, person) => {
    const identities = sides.map(({ platform }) => `"${platform.identity(person)}"`).join(', ');
    const [handle, role] = person === 0 ? ['ann', 'owner'] : [`p${person}`, 'member'];
    return `  ${handle}: { role: ${role}, identities: [${identities}] }\n`;
  });
  return `
model:
  default: fake/m
  providers:
    fake: { baseUrl: "${model.url}", apiKey: test-key-0123456789, models: { m: { context: 128000, priceIn: 1, priceOut: 2 } } }
channels:
${channels.join('')}people:
${persons.join('')}${more}`;
}

/** Adapters that tell of each thing that is asked of them, before it is done. */
function watched(tell: (asked: Omit<Asked, 'at'>) => void): (adapter: AdapterPort) => AdapterPort {
  return (adapter) => {
    const { name: channel, typing, draft } = adapter;
    return {
      ...adapter,
      send: (delivery, signal) => {
        tell({ channel, chat: delivery.address.chat, what: delivery.body.kind });
        return adapter.send(delivery, signal);
      },
      ...(typing === undefined
        ? {}
        : {
            typing: (chat) => {
              tell({ channel, chat: chat.chat, what: 'typing' });
              return typing(chat);
            },
          }),
      ...(draft === undefined
        ? {}
        : {
            draft: (one) => {
              tell({ channel, chat: one.chat.chat, what: 'draft' });
              return draft(one);
            },
          }),
    };
  };
}
