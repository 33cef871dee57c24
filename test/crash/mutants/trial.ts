import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '#test/until.ts';
import { type GatewayProcess, settleSockets, startGatewayProcess } from '../gateway-process.ts';
import { wish } from '../campaign/script.ts';
import { judge } from '../checker/judge.ts';
import { nameOf } from '../committed.ts';
import type { Sighting, Verdict } from '../history.ts';
import type { Fault, Mutant } from './mutant.ts';
import type { Scene } from './scene.ts';
import { type Stage, openStage } from './stage.ts';

const token = 'test-token-0123456789abcdef';
const limitMs = 60_000;
/** All is answered, and nothing was seen for so long: what would come twice has come. */
const quietMs = 700;
/** Nothing was seen for so long: it goes no further. What is lost shows by nothing else. */
const patienceMs = 10_000;
const lostMs = 4_000;

interface Trial {
  /** The field in which a fault is expected, or null. */
  readonly fault: Fault | null;
  readonly stage: Stage;
  readonly scene: Scene;
  readonly messages: readonly string[];
  /** Every gateway that was started, to be ended whatever happens. */
  readonly gateways: GatewayProcess[];
}

/**
 * Plays the scene with the product, or with one of its mutants, and says what the checker says. `folder` may be shared by
 * trials. Throws when the scene's kill was never reached: then nothing is proved.
 */
export async function tryOut(
  scene: Scene,
  { mutant, folder }: { readonly mutant: Pick<Mutant, 'name' | 'caughtIn'> | null; readonly folder: string },
): Promise<Verdict> {
  const hook = pathToFileURL(join(import.meta.dirname, 'hook.ts'));
  hook.searchParams.set('mutant', mutant?.name ?? '');
  await using stage = await openStage(folder, mutant === null ? [] : ['--import', hook.href]);
  const trial: Trial = {
    fault: mutant?.caughtIn ?? null,
    stage,
    scene,
    messages: scene.says.map((_, index) => nameOf(index + 1)),
    gateways: [],
  };
  try {
    await play(trial);
    return judge(stage.recorder.history());
  } finally {
    for (const gateway of trial.gateways) gateway.signal('SIGKILL');
    await Promise.all(trial.gateways.map(({ ended }) => ended));
  }
}

async function play(trial: Trial): Promise<void> {
  const { stage, scene, messages } = trial;
  const first = await start(trial, scene.arm);
  for (const [index, message] of messages.entries()) {
    if (index === 1) await until('the model is asked', () => wasAsked(trial), limitMs);
    await say(trial, message, scene.says[index] ?? []);
  }
  if (scene.arm?.stop === true) await takeOver(trial, first);
  else if (scene.arm !== null) await restart(trial, first);
  if (scene.again === true) {
    await until('all is answered', () => isAnswered(trial), limitMs);
    await stage.channel.again(messages[0] ?? '');
  }
  await settled(trial);
}

async function start(
  { stage, gateways }: Trial,
  arm: Scene['arm'],
  takeover = false,
): Promise<GatewayProcess> {
  const gateway = startGatewayProcess(stage.surroundings, { arm, takeover });
  gateways.push(gateway);
  const url = await gateway.ready;
  if (url === null) throw new Error(`The gateway did not start: ${JSON.stringify(await gateway.ended)}`);
  stage.recorder.add({ type: 'started', at: Date.now() });
  stage.channel.follow({ url, token });
  return gateway;
}

function wasAsked({ stage }: Trial): boolean {
  return stage.recorder.history().some(({ type }) => type === 'asked');
}

async function say({ stage }: Trial, message: string, wishes: Scene['says'][number]): Promise<void> {
  const { channel } = stage;
  const text = [message, ...wishes.map((name) => wish[name])].join(' ');
  await channel.say({ chat: 'telegram:7', message, text, tools: wishes.includes('tools') });
}

/** Waits until the first one is dead by its failpoint, and starts the next. */
async function restart(trial: Trial, first: GatewayProcess): Promise<void> {
  const { recorder, channel } = trial.stage;
  await until(`the gateway is killed ${trial.scene.arm?.point}`, first.hasEnded, limitMs);
  await first.ended;
  const note = first.note();
  if (note === null) throw new Error('The gateway ended by itself.');
  channel.follow(null);
  recorder.ended({ ...note, how: 'failpoint' });
  await start(trial, null);
}

/** Waits until the first one stands still at its failpoint; the next takes over, and the first one wakes later. */
async function takeOver(trial: Trial, first: GatewayProcess): Promise<void> {
  const { recorder, channel } = trial.stage;
  const { arm, wakesAt } = trial.scene;
  const note = await until(`the gateway stands still ${arm?.point}`, () => first.note(), limitMs);
  await settleSockets();
  channel.follow(null);
  const before = recorder.history().length;
  recorder.ended({ ...note, how: 'stop' });
  await start(trial, null, true);
  const isDone = (seen: Sighting): boolean =>
    wakesAt === 'once'
      ? seen.type === 'effect' && seen.effect === 'once'
      : seen.type === 'sent' && seen.whole;
  await until('the second gateway has gone on', () => recorder.history().slice(before).some(isDone), limitMs);
  if (first.hasEnded()) throw new Error('The gateway that was stopped is gone: it could not wake.');
  first.signal('SIGCONT');
}

function isAnswered({ stage, messages }: Trial): boolean {
  return stage.recorder.answeredCount() >= messages.length;
}

/** All is answered and the expected fault was seen, or everything is answered and quiet, or nothing moves any more. */
async function settled(trial: Trial): Promise<void> {
  const { fault, stage } = trial;
  const { recorder } = stage;
  const since = Date.now();
  const stillMs = (): number => Date.now() - Math.max(since, recorder.lastAt());
  const isWaitedFor = fault !== null && fault !== 'lost';
  const isProved = (): boolean => isWaitedFor && isAnswered(trial) && judge(recorder.history())[fault] > 0;
  const quiet = (): number => (isAnswered(trial) && !isWaitedFor ? quietMs : patience);
  const patience = fault === 'lost' ? lostMs : patienceMs;
  await until('nothing happens any more', () => isProved() || stillMs() > quiet(), limitMs);
}
