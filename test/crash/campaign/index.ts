import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeModel } from '#test/fakes/model/index.ts';
import { startEffectCounter } from '../effects.ts';
import type { Sighting } from '../history.ts';
import { createApiChannel } from './platform/api.ts';
import { type Channel, type MakeChannel, noFront } from './platform/channel.ts';
import { createDice } from './dice.ts';
import { createDiscordChannel } from './platform/discord.ts';
import { createEmailChannel } from './platform/email.ts';
import { checkIntegrity } from './integrity.ts';
import { createNemesis } from './nemesis.ts';
import { type KillKind, killKinds, planKills } from './plan.ts';
import { createPoints } from './points.ts';
import { type Recorder, createRecorder } from './recorder.ts';
import { createScript } from './script.ts';
import { createSlackChannel } from './platform/slack.ts';
import { createTelegramChannel } from './platform/telegram.ts';
import { createWebhookChannel } from './platform/webhook.ts';
import { createWhatsAppChannel } from './platform/whatsapp.ts';
import { createWhatsAppCloudChannel } from './platform/whatsapp-cloud.ts';
import { type Weather, createWeather } from './weather.ts';
import { startWorkload } from './workload.ts';

export const channelNames = [
  'telegram',
  'discord',
  'slack',
  'whatsapp',
  'email',
  'webhook',
  'whatsapp-cloud',
] as const;
const channelMakers: Readonly<Record<(typeof channelNames)[number], MakeChannel>> = {
  telegram: createTelegramChannel,
  discord: createDiscordChannel,
  slack: createSlackChannel,
  whatsapp: createWhatsAppChannel,
  email: createEmailChannel,
  webhook: createWebhookChannel,
  'whatsapp-cloud': createWhatsAppCloudChannel,
};

export interface CampaignOptions {
  readonly messages: number;
  readonly kills: number;
  readonly seed: number;
  /** Beside the API, which is part of each campaign. */
  readonly channels: readonly (typeof channelNames)[number][];
  /** Each chat waits so long before it says something again, twice as long at most. Default: not at all. */
  readonly thinkMs?: number;
  /** The networks of the channels break now and then, one at a time. */
  readonly outages?: boolean;
  /** For the node that runs the gateway, such as `--import FILE`. */
  readonly nodeArgs?: readonly string[];
  /** Default: all kinds. */
  readonly only?: readonly KillKind[];
  readonly timeLimitMs?: number;
  /** Nothing was seen for so long: it goes no further, what is open is lost. */
  readonly patienceMs?: number;
  readonly say?: (line: string) => void;
}

export interface Campaign {
  readonly history: readonly Sighting[];
  /** `ok`, or what SQLite found wrong with the database at the end. */
  readonly integrity: string;
  /** What gateways did that none may do: ended by themselves, went on after a takeover. */
  readonly problems: readonly string[];
  readonly kinds: Readonly<Partial<Record<KillKind, number>>>;
  readonly outages: number;
  /** Every failpoint that was passed, with its kills. */
  readonly points: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const apiChats = 8;
const token = 'test-token-0123456789abcdef';
const defaults = { timeLimitMs: 1_800_000, patienceMs: 40_000 };
const quietMs = 1_000;
const quietLimitMs = 10_000;

/** Messages through a gateway that is killed again and again, and all that the outside saw of it. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-crash-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    return await campaignIn(folder, options);
  } finally {
    process.off('exit', clean);
    if (!process.env['KEEP']) clean();
  }
}

async function campaignIn(folder: string, options: CampaignOptions): Promise<Campaign> {
  const startedAt = Date.now();
  const recorder = createRecorder();
  const effects = await startEffectCounter((acted) =>
    recorder.add({ type: 'effect', at: Date.now(), ...acted }),
  );
  const model = await startFakeModel({ script: createScript(recorder), keep: 1 });
  const weather = createWeather(createDice(options.seed + 3));
  const front = options.outages === true ? weather.front : noFront;
  const makers = options.channels.map((name) => channelMakers[name](recorder, (url) => front(url, name)));
  const channels = [...(await Promise.all(makers)), createApiChannel(recorder, apiChats)];
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'config.yaml'), configOf(model.url, channels));
  const surroundings = { folder, home, effectsUrl: effects.url, nodeArgs: options.nodeArgs ?? [] };
  try {
    const seen = await play(options, { surroundings, recorder, channels, startedAt, weather });
    const integrity = checkIntegrity(join(home, 'tiro.db'));
    return { ...seen, history: recorder.history(), integrity, seconds: (Date.now() - startedAt) / 1000 };
  } finally {
    await weather.close();
    await Promise.all(channels.map((channel) => channel.close()));
    await model.close();
    await effects.close();
  }
}

interface Stage {
  readonly surroundings: Parameters<typeof createNemesis>[0]['surroundings'];
  readonly recorder: Recorder;
  readonly channels: readonly Channel[];
  readonly startedAt: number;
  readonly weather: Weather;
}

async function play(
  options: CampaignOptions,
  { surroundings, recorder, channels, startedAt, weather }: Stage,
): Promise<Pick<Campaign, 'problems' | 'kinds' | 'points' | 'outages'>> {
  const { messages, kills, seed, thinkMs = 0, only = killKinds, say = () => undefined } = options;
  const { timeLimitMs, patienceMs } = { ...defaults, ...options };
  const isOver = (): boolean =>
    Date.now() - startedAt > timeLimitMs || Date.now() - recorder.lastAt() > patienceMs;
  const onKill = (done: number): void => {
    if (done % 10 === 0) say(`${done} kills, ${recorder.answeredCount()} of ${messages} messages answered`);
  };
  const dice = createDice(seed);
  const points = createPoints(createDice(seed + 1), join(surroundings.folder, 'names'));
  const nemesis = createNemesis({ surroundings, recorder, channels, dice, points, token, isOver, onKill });
  const workload = startWorkload({ recorder, dice: createDice(seed + 2), channels, thinkMs }, messages);
  weather.start();
  await nemesis.run(planKills(dice, { messages, kills, only }));
  say(`${recorder.answeredCount()} of ${messages} messages answered, no further kill`);
  while (!workload.isDone() && !isOver()) await sleep(10);
  await weather.clear();
  workload.stop();
  await quiet(recorder);
  await nemesis.finish();
  const { problems, kinds } = nemesis;
  return {
    problems: [...problems, ...workload.problems],
    kinds: Object.fromEntries(kinds),
    points: points.counts(),
    outages: weather.outages(),
  };
}

/** What would come twice comes now: nothing has been seen for a while. */
async function quiet(recorder: Recorder): Promise<void> {
  const since = Date.now();
  const isQuiet = (): boolean => Date.now() - Math.max(since, recorder.lastAt()) > quietMs;
  while (!isQuiet() && Date.now() - since < quietLimitMs) await sleep(10);
}

function configOf(modelUrl: string, channels: readonly Channel[]): string {
  const known = Map.groupBy(
    channels.flatMap((channel) => Object.entries(channel.people)),
    ([name]) => name,
  );
  const people = [...known].map(([name, entries], index) => {
    const identities = entries.flatMap(([, ids]) => ids.map((id) => `"${id}"`)).join(', ');
    return `  ${name}: { role: ${index === 0 ? 'owner' : 'member'}, approve: own, identities: [${identities}] }`;
  });
  const own = channels.flatMap(({ name, config }) => (config === null ? [] : [`  ${name}: ${config}`]));
  return `
model:
  default: fake/m
  providers:
    fake: { baseUrl: "${modelUrl}", apiKey: test-key-0123456789, concurrency: 64, models: { m: { context: 16000, priceIn: 0, priceOut: 0 } } }
channels:
${own.join('\n')}
people:
${people.join('\n')}
access: { groups: all }
conversation: { turnsPerMinute: 0 }
`;
}
