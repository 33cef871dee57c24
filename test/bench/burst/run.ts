import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';
import type { Program } from '../gateway/program.ts';
import { type Place, startModel, startProduct } from '../gateway/programs.ts';
import { type Audit, audit } from './audit.ts';
import { type Delay, type Gauges, createGauges } from './gauges.ts';
import { createHandedMs } from './handed.ts';
import { botToken, configOf } from './people.ts';
import {
  type Alone,
  type Burst,
  type PhaseOptions,
  talkAlone,
  talkBesideBurst,
  throwBurst,
} from './phases.ts';
import { type Posts, postAll } from './posts.ts';

export interface RunOptions extends PhaseOptions {
  readonly posts: number;
  readonly seed: number;
}

export interface Measured {
  readonly options: RunOptions;
  readonly alone: Alone;
  readonly burst: Burst;
  /** Of all that was said, from when the platform handed it over until its answer. */
  readonly handedMs: { readonly alone: readonly number[]; readonly burst: readonly number[] };
  readonly posts: Posts;
  readonly audit: Audit;
  readonly rssMaxMb: number;
  readonly rssAloneMb: number;
  readonly delay: Readonly<Record<'alone' | 'storing' | 'after' | 'posts' | 'all', Delay>>;
}

interface Scene {
  readonly telegram: FakeTelegram;
  readonly gateway: Program;
  readonly gauges: Gauges;
  readonly home: string;
}

const inside = fileURLToPath(new URL('inside.ts', import.meta.url));
const connections = 40;
const killLimitMs = 120_000;

/** The gateway as its users start it, measured from inside; platform and people in this process, the model in a third. */
export async function runBurst(
  place: Place,
  options: RunOptions,
  say: (line: string) => void,
): Promise<Measured> {
  const telegram = await startFakeTelegram({ token: botToken });
  try {
    await using model = await startModel(place, { latencyMs: 20, keep: 10 });
    const file = join(place.folder, 'gauges.jsonl');
    await using gateway = await startProduct(place, {
      home: 'home',
      config: configOf({ modelUrl: model.url, telegram, chats: options.chats }),
      env: { NODE_OPTIONS: `--import=${inside}`, TIRO_BENCH_GAUGES: file },
    });
    const home = join(place.folder, 'home');
    return await measure({ telegram, gateway, gauges: createGauges(file, gateway.pid), home }, options, say);
  } finally {
    await telegram.close();
  }
}

async function measure(scene: Scene, options: RunOptions, say: (line: string) => void): Promise<Measured> {
  const { telegram, gateway, gauges } = scene;
  say(`${options.chats} chats alone for ${options.seconds} s`);
  const alone = await talkAlone(telegram, options);
  const rssAloneMb = gauges.rssMaxMb();
  say(`the same chats beside ${options.events} messages of one chat`);
  const burst = await talkBesideBurst(telegram, options);
  say(`${options.posts} posts over ${connections} connections`);
  const posts: Posts = { accepted: [], tookMs: [], refused: 0 };
  const postedFrom = Date.now();
  await postAll(gateway.url, posts, { count: options.posts, connections });
  const spans = {
    alone: alone.span,
    storing: { fromAt: burst.span.fromAt, toAt: burst.storedAt },
    after: { fromAt: burst.storedAt, toAt: burst.span.toAt },
    posts: { fromAt: postedFrom, toAt: Date.now() },
    all: { fromAt: alone.span.fromAt, toAt: Date.now() },
  };
  const delay = {
    alone: await gauges.delay(spans.alone),
    storing: await gauges.delay(spans.storing),
    after: await gauges.delay(spans.after),
    posts: await gauges.delay(spans.posts),
    all: await gauges.delay(spans.all),
  };
  const rssMaxMb = gauges.rssMaxMb();
  say('kill -9 in the middle of another burst');
  const found = await killAndAudit(scene, options, { said: burst.ids, accepted: posts.accepted });
  const handed = createHandedMs(telegram.calls);
  const all = (phase: Alone): readonly number[] => phase.exchanges.map(handed).filter((ms) => ms !== null);
  const handedMs = { alone: all(alone), burst: all(burst) };
  return { options, alone, burst, handedMs, posts, audit: found, rssMaxMb, rssAloneMb, delay };
}

/** Both ways in are busy when the gateway dies: what it has acknowledged until then must be rows. */
async function killAndAudit(
  { telegram, gateway, home }: Scene,
  { events, posts, seed }: RunOptions,
  before: { readonly said: readonly number[]; readonly accepted: readonly string[] },
): Promise<Audit> {
  // Between a fifth and four fifths: the golden ratio's multiples lie evenly.
  const share = 0.2 + 0.6 * ((seed * 0.618_033_988_75) % 1);
  const late: Posts = { accepted: [], tookMs: [], refused: 0 };
  const stop = new AbortController();
  const more = throwBurst(telegram, Math.ceil(events / 5));
  const posting = postAll(gateway.url, late, { count: posts, connections, signal: stop.signal });
  const half = more[Math.floor(more.length * share)] ?? 0;
  const isHalf = (): boolean => (telegram.confirmed.at(-1) ?? 0) >= half && late.accepted.length > 0;
  await until('a part of the second burst is stored', isHalf, killLimitMs);
  process.kill(gateway.pid, 'SIGKILL');
  stop.abort();
  await posting;
  await gateway[Symbol.asyncDispose]();
  return audit(join(home, 'tiro.db'), {
    said: [...before.said, ...more],
    accepted: [...before.accepted, ...late.accepted],
    confirmed: telegram.confirmed,
    pending: telegram.pending.map(({ update_id: id }) => id),
  });
}
